"""`kontor demo`: one command, three companies; stopped cleanly, continued without doubling anything."""

import asyncio
import json
import signal
import socket
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.browsing import Browser, Page
from tests.serving import ROOT, environment, run

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


async def test_one_command_shows_two_companies_at_work_and_a_third_that_sees_nothing(tmp_path: Path) -> None:
    folder, port = tmp_path / "demo", _three_free_ports()
    async with _demo(folder, port) as companies:
        muster, zulieferer, nordlicht = companies
        assert [company["url"] for company in companies] == [
            f"http://{name}.localhost:{port + number}" for number, name in enumerate(COMPANIES)
        ]
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
        code, _, error = await run("demo", "--dir", str(tmp_path / "other"), "--port", str(port))
        assert code == 1
        assert f"127.0.0.1:{port}: This port cannot be used" in error
        assert error.count("\n") == 1
    before = _counts(folder)

    async with _demo(folder, port) as companies:
        assert companies[0]["password"] == muster["password"]
        assert "Zeichnungsstand 7" in (await _signed_in(companies[1], "dimitri")).text
    assert _counts(folder) == before
    code, _, error = await run("demo", "--dir", str(folder), "--port", str(port + 10))
    assert code == 1
    assert f"made for port {port}" in error
