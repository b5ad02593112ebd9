"""Kontor as people run it: a process of its own, started from the shell, that can be killed."""

import asyncio
import contextlib
import io
import multiprocessing
import os
import signal
import sys
from collections.abc import AsyncIterator
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, ForkServerProcess
from multiprocessing.forkserver import ensure_running
from pathlib import Path

import pytest

from server.cli.root import run as kontor

ROOT = Path(__file__).parents[1]
_START_SECONDS = 60


def environment() -> dict[str, str]:
    """What a process needs to find the program under test."""
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    return {**os.environ, "PYTHONPATH": path, "PYTHONWARNINGS": "default"}


async def run_here(*arguments: str) -> tuple[int, str, str]:
    """`kontor …` to its end in a thread of this process: exit code, standard output, standard error."""

    def said() -> tuple[int, str, str]:
        out, error = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(error):
            code = kontor(list(arguments))
        return code, out.getvalue(), error.getvalue()

    return await asyncio.to_thread(said)


@contextlib.asynccontextmanager
async def started(*arguments: str, log: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """A running `kontor …` that has said its first line; killed at the end if it still runs."""
    with log.open("ab") as errors:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "server", *arguments,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=errors,
            cwd=ROOT, env=environment(),
        )  # fmt: skip
    try:
        assert process.stdout is not None
        line = await asyncio.wait_for(process.stdout.readline(), _START_SECONDS)
        assert line, f"it ended at once, see {log}"
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        process._transport.close()  # type: ignore[attr-defined]  # its pipes would be closed by a collector otherwise


class Fork:
    """A process that began as a fork of one in which the program is loaded: loading it is most of a start."""

    _waits: ForkServerContext | None = None

    def __init__(self, process: ForkServerProcess) -> None:
        self._process = process
        assert process.pid is not None
        self.pid = process.pid

    @classmethod
    def source(cls) -> ForkServerContext:
        """Who makes them; it ends with this process."""
        if cls._waits is None:
            cls._waits = multiprocessing.get_context("forkserver")
            cls._waits.set_forkserver_preload(["server.app", "server.cli.root", "server.cli.serve"])
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(os, "environ", environment())
                ensure_running()
        return cls._waits

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def send_signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    async def wait(self) -> int:
        over, loop = asyncio.Event(), asyncio.get_running_loop()
        loop.add_reader(self._process.sentinel, over.set)
        try:
            await over.wait()
        finally:
            loop.remove_reader(self._process.sentinel)
        self._process.join()
        assert self._process.exitcode is not None
        return self._process.exitcode


@contextlib.asynccontextmanager
async def forked(*arguments: str, log: Path) -> AsyncIterator[Fork]:
    """As `started`, where the start itself is not what a test is about."""
    source = Fork.source()
    said, says = source.Pipe(duplex=False)
    made = source.Process(target=_kontor, args=(arguments, says, str(log)))
    made.start()
    says.close()
    process = Fork(made)
    try:
        line = await asyncio.wait_for(asyncio.to_thread(os.read, said.fileno(), 1000), _START_SECONDS)
        assert line, f"it ended at once, see {log}"
        yield process
    finally:
        if process.returncode is None:
            made.kill()
        await process.wait()
        said.close()


def _kontor(arguments: tuple[str, ...], says: Connection, log: str) -> None:
    """`kontor …` as the whole life of this process."""
    with Path(log).open("ab") as errors:
        for ours, taken in ((says.fileno(), 1), (errors.fileno(), 2)):
            os.dup2(ours, taken)
    says.close()
    sys.stdout, sys.stderr = (os.fdopen(number, "w", buffering=1, closefd=False) for number in (1, 2))
    sys.exit(kontor(list(arguments)))


async def stopped(process: asyncio.subprocess.Process | Fork, *, by: signal.Signals = signal.SIGTERM) -> int:
    """End a process and wait for it; its exit code."""
    process.send_signal(by)
    return await asyncio.wait_for(process.wait(), 30)
