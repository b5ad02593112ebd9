"""Kontor as people run it: a process of its own, started from the shell, that can be killed."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
_START_SECONDS = 60


def environment() -> dict[str, str]:
    """What a process needs to find the program under test."""
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    return {**os.environ, "PYTHONPATH": path, "PYTHONWARNINGS": "default"}


async def run(*arguments: str, stdin: str = "", cwd: Path = ROOT) -> tuple[int, str, str]:
    """Run `kontor …` to its end: exit code, standard output, standard error."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "server", *arguments,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        cwd=cwd, env=environment(),
    )  # fmt: skip
    out, error = await process.communicate(stdin.encode())
    assert process.returncode is not None
    return process.returncode, out.decode(), error.decode()


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


async def stopped(process: asyncio.subprocess.Process, *, by: signal.Signals = signal.SIGTERM) -> int:
    """End a process and wait for it; its exit code."""
    process.send_signal(by)
    return await asyncio.wait_for(process.wait(), 30)
