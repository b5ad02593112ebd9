"""Kontor as people run it: a process of its own, started from the shell, that can be killed."""

import asyncio
import contextlib
import io
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from server.cli.root import run as kontor
from server.demo.processes import Process

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


@contextlib.asynccontextmanager
async def forked(*arguments: str, log: Path) -> AsyncIterator[Process]:
    """As `started`, for less, where the start itself is not what a test is about."""
    process = Process(*arguments, log=log)
    try:
        assert await asyncio.wait_for(process.says(), _START_SECONDS), f"it ended at once, see {log}"
        yield process
    finally:
        process.send_signal(signal.SIGKILL)
        await process.wait()


async def stopped(process: asyncio.subprocess.Process | Process, *, by: signal.Signals = signal.SIGTERM) -> int:
    """End a process and wait for it; its exit code."""
    process.send_signal(by)
    return await asyncio.wait_for(process.wait(), 30)
