"""Runs the demonstration: makes the companies, lets the story happen, then starts one server each and waits.

The story is played with the three applications in this process, where they can be waited for; what people then use
are three processes of the same program, as on three machines.
"""

import asyncio
import contextlib
import os
import secrets
import signal
import socket
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from server.config import Config
from server.demo import cast
from server.demo.processes import Process

if TYPE_CHECKING:
    from aiohttp import web

FIRST_PORT = 8001
_ADDRESS = "127.0.0.1"
_START_SECONDS = 60.0
_STOP_SECONDS = 15.0
_WORDS = (
    *("ahorn", "anker", "birke", "boje", "brise", "deich", "eiche", "ernte", "esche", "feder", "finke", "garbe"),
    *("giebel", "hafen", "hafer", "hanse", "kante", "kiesel", "koralle", "krug", "kupfer", "lerche", "linde", "luke"),
    *("mast", "moor", "nebel", "pappel", "planke", "quelle", "reling", "ruder", "segel", "silber", "speicher"),
    *("stapel", "tanne", "taube", "ufer", "ulme", "waage", "weide", "welle", "wolke", "ziegel", "zimt"),
)
_TOLD = "told"  # the file that says that the story is complete


class StageFault(Exception):
    """Why the demonstration cannot go on: `place` is where, `fix` what to do."""

    def __init__(self, place: str, problem: str, fix: str) -> None:
        super().__init__(problem)
        self.place = place
        self.problem = problem
        self.fix = fix


class Site(Struct, frozen=True):
    """Where a company of the demonstration is."""

    company: cast.Company
    folder: Path
    port: int

    @property
    def config(self) -> Path:
        return self.folder / "instance.toml"

    @property
    def log(self) -> Path:
        return self.folder / "kontor.log"

    @property
    def host(self) -> str:
        return f"{self.company.key}.localhost:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}"


def sites(folder: Path, port: int | None) -> list[Site]:
    """The places of the companies in `folder`. Raises StageFault: they were made for other ports, or one is taken."""
    first = folder / cast.COMPANIES[0].key / "instance.toml"
    begun = Config.load(first).server.port if first.exists() else None
    if begun is not None and port not in (None, begun):
        fix = f"Use --port {begun}, or another directory with --dir."
        raise StageFault(str(folder), f"This demonstration was made for port {begun}.", fix)
    base = begun or port or FIRST_PORT
    found = [Site(company, folder / company.key, base + number) for number, company in enumerate(cast.COMPANIES)]
    for site in found:
        _must_be_free(site.port)
    return found


def _must_be_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_ADDRESS, port))
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or "it is no port"
            fix = "Stop what listens there, or choose three other ports with --port."
            raise StageFault(f"{_ADDRESS}:{port}", f"This port cannot be used: {reason}.", fix) from None


def password(folder: Path) -> str:
    """The one password of everybody in this demonstration: drawn once, kept in its directory."""
    file = folder / "password"
    with contextlib.suppress(FileNotFoundError):
        return file.read_text(encoding="utf-8").strip()
    folder.mkdir(parents=True, exist_ok=True)
    words = [secrets.choice(_WORDS) for _ in range(3)]
    drawn = "-".join([*words, str(secrets.randbelow(90) + 10)])
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as text:
        text.write(drawn + "\n")
    return drawn


def is_told(folder: Path) -> bool:
    """Whether the story has been played to its end in `folder`."""
    return (folder / _TOLD).exists()


async def tell(folder: Path, places: Sequence[Site]) -> None:
    """Play the story, or what is missing of it. Raises StageFault."""
    from server.demo import story  # a second run does without, and with it without most of the program

    secret = password(folder)
    async with contextlib.AsyncExitStack() as stack:
        apps = [await stack.enter_async_context(_served(site)) for site in places]
        furnishing = [
            story.House.furnish(site.company, app, host=site.host, password=secret)
            for site, app in zip(places, apps, strict=True)
        ]
        houses = await asyncio.gather(*furnishing)
        try:
            await story.play(houses)
        except* story.TookTooLong as reasons:
            reason = str(reasons.exceptions[0])
            fix = "Run it again: it goes on where it stopped."
            raise StageFault(str(folder), f"The demonstration is incomplete: {reason}.", fix) from None
    (folder / _TOLD).touch()


@contextlib.asynccontextmanager
async def _served(site: Site) -> AsyncIterator["web.Application"]:
    from aiohttp import web

    from server.app import create_app

    app = create_app(Config.load(site.config))
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, _ADDRESS, site.port).start()
        yield app
    finally:
        await runner.cleanup()


@contextlib.asynccontextmanager
async def servers(places: Sequence[Site]) -> AsyncIterator[list[Process]]:
    """One server process for each company, all of them ready; stopped when the block ends. Raises StageFault."""
    started: list[Process] = []
    try:
        for site in places:
            started.append(Process("serve", "--config", str(site.config), log=site.log))  # noqa: PERF401 - each is stopped
        for site, process in zip(places, started, strict=True):
            await _ready(site, process)
        yield started
    finally:
        await _stop(started)


async def _ready(site: Site, process: Process) -> None:
    line = b""
    with contextlib.suppress(TimeoutError):
        line = await asyncio.wait_for(process.says(), _START_SECONDS)
    if not line:
        said = site.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        last = said[-1] if said else "it said nothing"
        raise StageFault(str(site.log), f"{site.company.name} did not start: {last}", "Look into this log.")


async def _stop(started: Sequence[Process]) -> None:
    for process in started:
        process.send_signal(signal.SIGTERM)
    for process in started:
        try:
            await asyncio.wait_for(process.wait(), _STOP_SECONDS)
        except TimeoutError:
            process.send_signal(signal.SIGKILL)
            await process.wait()
