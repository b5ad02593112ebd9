"""`kontor serve`: the server, until somebody stops it.

The sockets are bound before anything else, so that a taken port is said at once and no worker process starts in vain.
With `[server] workers` above one each worker is a fork that inherits them; when one dies the others are stopped, and
whatever supervises the server starts it anew.
"""

import asyncio
import errno
import gc
import logging
import os
import resource
import signal
import socket
from collections.abc import Callable, Sequence

import click
from aiohttp import web

from models import migrations
from models.base import new_id
from server import connections, logs
from server import ready as ready_answers
from server.cli.frame import (
    FOUND,
    Refusal,
    asynchronous,
    config_option,
    config_path,
    connected,
    fit_for_this_release,
    json_option,
    print_json,
)
from server.config import Config

log = logging.getLogger(__name__)

_BACKLOG = 1024
_FILES = 65_536
_PATIENCE_SECONDS = 3.0
_COLLECTING = (20_000, 20, 100)


@click.command()
@config_option
@json_option
def serve(as_json: bool) -> None:
    """Serve the instance until SIGINT or SIGTERM. One line on standard output says when it is ready."""
    config = Config.load(config_path())
    logs.configure(style=config.log.format, level=config.log.level)
    if not connections.are_read_strictly():
        raise Refusal("aiohttp", "Its compiled parts are missing.", "Install it for this Python, not from its source.")
    sockets = listening(config)
    try:
        prepare(config)
        addresses = [shown_address(each) for each in sockets]

        def ready() -> None:
            if as_json:
                print_json({"url": config.base_url, "listening": addresses, "pid": os.getpid()})
            else:
                click.echo(f"{config.instance.name} is ready: {config.base_url} ({', '.join(addresses)})")

        if config.server.workers == 1:
            run(config, sockets, ready=ready)
        else:
            click.get_current_context().exit(_fork(config, sockets, ready=ready))
    finally:
        for each in sockets:
            each.close()


@asynchronous
async def prepare(config: Config) -> None:
    """Bring the database to this release. Raises Refusal: there is none, or it is of a newer release."""
    async with connected(config) as database:
        await fit_for_this_release(database)
        await migrations.upgrade(database)


def listening(config: Config) -> list[socket.socket]:
    """Sockets at the configured address. Raises Refusal."""
    bind, port = config.server.bind, config.server.port
    place = f"{bind}:{port}"
    try:
        found = socket.getaddrinfo(bind, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError:
        raise Refusal(place, "This is no address of this machine.", "Mend it: [server] bind") from None
    sockets: list[socket.socket] = []
    for family, kind, protocol, _, address in found:
        made = socket.socket(family, kind, protocol)
        sockets.append(made)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        try:
            made.bind(address)
            made.listen(_BACKLOG)
        except OSError as error:
            for each in sockets:
                each.close()
            raise _refused(place, error) from None
        made.setblocking(False)
    return sockets


def _refused(place: str, error: OSError) -> Refusal:
    if error.errno == errno.EADDRINUSE:
        return Refusal(place, "Something listens here already.", "Stop it, or choose another port: [server] port")
    if error.errno == errno.EACCES:
        return Refusal(place, "This user may not listen here.", "Choose a port above 1023: [server] port")
    return Refusal(place, f"{error.strerror}.", "Mend it: [server] bind")


def shown_address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"[{host}]:{port}" if listener.family == socket.AF_INET6 else f"{host}:{port}"


def run(config: Config, sockets: Sequence[socket.socket], *, ready: Callable[[], None]) -> None:
    """Serve in this process until SIGINT or SIGTERM."""
    allow_many_connections()
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_serve(config, sockets, ready))


def allow_many_connections() -> None:
    """Let as many files and sockets be open as this process may have: each server that we send to is one for a while,
    and the usual 1,024 would end a message to a thousand of them half-way."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


async def _serve(config: Config, sockets: Sequence[socket.socket], ready: Callable[[], None]) -> None:
    gc.disable()  # until all that stays is there
    from server.app import create_app

    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    app = create_app(config)
    runner = web.AppRunner(
        app,
        access_log=None,
        shutdown_timeout=_PATIENCE_SECONDS,
        keepalive_timeout=connections.IDLE_SECONDS,
    )
    await runner.setup()
    ready_answers.stand_before(runner, app)
    _spare_what_stays()
    try:
        for each in sockets:
            await connections.Door(runner, each, backlog=_BACKLOG).start()
        ready()
        await stopping.wait()
    finally:
        await runner.cleanup()


def _spare_what_stays() -> None:
    """Take what is there for good out of the collector's sight: going over it again took a fifth of the time.

    What of it is garbage, less than a megabyte, stays too: to look for it held up the first answer by a twentieth.
    """
    gc.freeze()
    gc.enable()
    gc.set_threshold(*_COLLECTING)


def _fork(config: Config, sockets: Sequence[socket.socket], *, ready: Callable[[], None]) -> int:
    """Serve in several processes; the exit code when all have ended."""
    children: set[int] = set()
    for number in range(config.server.workers):
        child = os.fork()
        if child == 0:
            new_id.set_apart(number)
            _work(config, sockets, ready if number == 0 else lambda: None)
        children.add(child)
    stopped = False

    def stop(*_: object) -> None:
        nonlocal stopped
        stopped = True
        for child in children:
            os.kill(child, signal.SIGTERM)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    failed = False
    while children:
        child, status = os.wait()
        children.discard(child)
        if not stopped:
            log.error("worker ended", extra={"pid": child, "code": os.waitstatus_to_exitcode(status)})
            failed = True
            stop()
    return FOUND if failed else 0


def _work(config: Config, sockets: Sequence[socket.socket], ready: Callable[[], None]) -> None:
    code = FOUND
    try:
        run(config, sockets, ready=ready)
        code = 0
    except Exception:
        log.exception("worker failed")
    finally:
        os._exit(code)  # a fork must not run what its parent has registered for the end
