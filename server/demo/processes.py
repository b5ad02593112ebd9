"""`kontor …` in processes of its own, several of which start for little more than the price of one.

Loading the program is most of a start. So one process loads it, serves nobody, and each of the others begins as its
fork; it is a fresh one with a single thread, where a fork of ours might find locks that nobody will ever open.
"""

import asyncio
import contextlib
import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator
from functools import cache
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from multiprocessing.forkserver import ensure_running
from pathlib import Path

import server

_LOADED = ["server.app", "server.cli.root", "server.cli.serve"]
_LINE_BYTES = 4096


class Process:
    """One such process; `log` gets what it says on standard error."""

    def __init__(self, *arguments: str, log: Path) -> None:
        self._said, says = _source().Pipe(duplex=False)
        self._process = _source().Process(target=_kontor, args=(arguments, says, str(log)))
        self._process.start()
        says.close()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None  # noqa: S101 - it has been started
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    async def says(self) -> bytes:
        """The first that it says on standard output; nothing when it ended without a word. Asked once."""
        heard, loop = asyncio.Event(), asyncio.get_running_loop()
        loop.add_reader(self._said.fileno(), heard.set)
        try:
            await heard.wait()
        finally:
            loop.remove_reader(self._said.fileno())
        return os.read(self._said.fileno(), _LINE_BYTES)

    def send_signal(self, number: signal.Signals) -> None:
        if self.returncode is None:
            os.kill(self.pid, number)

    async def wait(self) -> int:
        """Until it has ended; its exit code, negative for a signal."""
        over, loop = asyncio.Event(), asyncio.get_running_loop()
        loop.add_reader(self._process.sentinel, over.set)
        try:
            await over.wait()
        finally:
            loop.remove_reader(self._process.sentinel)
        self._process.join()
        self._said.close()
        assert self._process.exitcode is not None  # noqa: S101 - it has been waited for
        return self._process.exitcode


@cache
def _source() -> ForkServerContext:
    """Who makes them, and ends with this process."""
    made = multiprocessing.get_context("forkserver")
    made.set_forkserver_preload(_LOADED)
    with _finding_the_program():
        ensure_running()
    return made


@contextlib.contextmanager
def _finding_the_program() -> Iterator[None]:
    before = {name: os.environ.get(name) for name in ("PYTHONPATH", "PYTHONSAFEPATH")}
    root = str(Path(server.__file__).parent.parent)
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (root, before["PYTHONPATH"])))
    os.environ["PYTHONSAFEPATH"] = "1"  # a folder named server where somebody happens to stand is not this one
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _kontor(arguments: tuple[str, ...], says: Connection, log: str) -> None:
    """The whole life of such a process."""
    from server.cli.root import run

    os.setsid()  # Ctrl-C comes to who started it alone, and they stop all in order
    with Path(log).open("ab") as errors:
        for ours, taken in ((says.fileno(), 1), (errors.fileno(), 2)):
            os.dup2(ours, taken)
    says.close()
    sys.stdout, sys.stderr = (os.fdopen(number, "w", buffering=1, closefd=False) for number in (1, 2))
    sys.exit(run(list(arguments)))
