"""`kontor demo`: one command, three companies; stopped cleanly, continued without doubling anything."""

import asyncio
import json
import os
import signal
import socket
import sqlite3
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from server.cli.root import run as kontor
from server.demo import stage
from tests.browsing import Browser, Page
from tests.serving import ROOT, environment, run_here

_PATIENCE_SECONDS = 120
COMPANIES = ("muster", "zulieferer", "nordlicht")


def _three_free_ports() -> int:
    """The first of three neighbours that nobody listens on."""
    for first in range(21_000, 60_000, 37):
        taken = []
        for port in range(first, first + 3):
            with socket.socket() as probe:
                taken.append(probe.connect_ex(("127.0.0.1", port)) == 0)
        if not any(taken):
            return first
    raise AssertionError("no three free ports")


@asynccontextmanager
async def _demo(folder: Path, port: int) -> AsyncIterator[list[dict[str, Any]]]:
    """The demonstration while it runs, as it announces itself; ended by Ctrl-C."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "server", "demo", "--dir", str(folder), "--port", str(port), "--json",
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        cwd=ROOT, env=environment(),
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        told = b""
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while not told.endswith(b"\n]\n"):
                line = await process.stdout.readline()
                assert line, (await process.stderr.read()).decode()
                told += line
        yield json.loads(told)
        process.send_signal(signal.SIGINT)
        rest, errors = await asyncio.wait_for(process.communicate(), 30)
        assert process.returncode == 0
        assert rest == b""
        assert b"Traceback" not in errors
    finally:
        if process.returncode is None:
            process.terminate()  # it stops its servers
            await process.communicate()


async def _signed_in(company: dict[str, Any], username: str) -> Page:
    async with Browser(company["url"], language="de") as browser:
        page = await browser.signs_in(username, company["password"])
        assert page.path == "/", page.text
        return page


def _counts(folder: Path) -> dict[str, list[int]]:
    found = {}
    for company in COMPANIES:
        connection = sqlite3.connect(folder / company / "kontor.sqlite3")
        tables = ("posts", "accounts", "groups", "media", "likes", "memberships", "partners", "follows")
        found[company] = [connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables]  # noqa: S608
        connection.close()
    return found


class _Company:
    """A server's process that never ends by itself."""

    async def wait(self) -> int:
        await asyncio.Event().wait()
        raise AssertionError


@asynccontextmanager
async def _stopped_at_once(places: Sequence[stage.Site]) -> AsyncIterator[list[_Company]]:
    """In the place of three processes: Ctrl-C as soon as they would be there."""
    os.kill(os.getpid(), signal.SIGINT)
    yield [_Company() for _ in places]


def test_one_command_shows_two_companies_at_work_and_a_third_that_sees_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    quick_secrets: None,
    kept_pool: None,
) -> None:
    """The story is told in this process, where that costs little; what was told is shown by the processes."""
    folder, port = tmp_path / "demo", _three_free_ports()
    with monkeypatch.context() as patch:
        patch.setattr(stage, "servers", _stopped_at_once)
        assert kontor(["demo", "--dir", str(folder), "--port", str(port), "--json"]) == 0
    said = capfd.readouterr()
    assert "Setting the stage" in said.err
    announced = json.loads(said.out)
    assert [company["url"] for company in announced] == [
        f"http://{name}.localhost:{port + number}" for number, name in enumerate(COMPANIES)
    ]
    before = _counts(folder)

    asyncio.run(_look_around(folder, port, announced, tmp_path / "other"))
    assert _counts(folder) == before
    assert kontor(["demo", "--dir", str(folder), "--port", str(port + 10)]) == 1
    assert f"made for port {port}" in capfd.readouterr().err


async def _look_around(folder: Path, port: int, announced: list[dict[str, Any]], other: Path) -> None:
    async with _demo(folder, port) as companies:
        assert companies == announced  # the password too
        muster, zulieferer, nordlicht = companies
        anna = await _signed_in(muster, "anna")
        assert "Zeichnungsstand 7" in anna.text
        assert any("Technische Zeichnung" in words for words in anna.images.values())
        dimitri = await _signed_in(zulieferer, "dimitri")
        assert "Zeichnungsstand 7" in dimitri.text
        assert "NBR 70" not in dimitri.text  # it waits for Bernd
        gesa = await _signed_in(nordlicht, "gesa")
        assert "Inventur" in gesa.text
        assert "Zeichnungsstand" not in gesa.text
        async with Browser(muster["url"]) as browser:
            await browser.signs_in("bernd", muster["password"])
            assert "NBR 70" in (await browser.opens("/approvals")).text
        code, _, error = await run_here("demo", "--dir", str(other), "--port", str(port))
        assert code == 1
        assert f"127.0.0.1:{port}: This port cannot be used" in error
        assert error.count("\n") == 1
