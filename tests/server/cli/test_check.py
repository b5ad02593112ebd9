"""`kontor check`: each fault with its place and its fix, and code 1 as soon as there is one."""

import asyncio
import shutil
import socket
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from federation.keys import KeyRing
from models import accounts, trigrams
from models.base import now
from models.database import Database
from models.tables import JournalEntry, LedgerLine, Parked
from models.trigrams import Lack
from server import checks
from server.app import house
from server.config import Config, write_key
from tests.server.cli.conftest import Kontor

Change = Callable[[AsyncSession], Awaitable[None]]


@pytest.fixture
def port() -> Iterator[int]:
    """A port that nobody listens on while the test runs."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        number = held.getsockname()[1]
    yield number


@pytest.fixture
def instance(muster: Kontor, port: int) -> Kontor:
    """An instance that listens on a port of this test's own."""
    _edit("8001", str(port))
    return muster


def _edit(old: str, new: str) -> None:
    file = Path("instance.toml")
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def _change(change: Change) -> None:
    """Do something to the database behind everybody's back."""

    async def run() -> None:
        config = Config.load("instance.toml")
        database = Database(config.database_url, instance=house(config))
        async with database.writing() as session:
            await change(session)
        await database.close()

    asyncio.run(run())


def _faults(kontor: Kontor) -> list[dict[str, str]]:
    said = kontor("check", "--json")
    found = [remark for remark in said.json if remark["grade"] == "fault"]
    assert said.code == (1 if found else 0)
    return found


def _fault(kontor: Kontor) -> dict[str, str]:
    (only,) = _faults(kontor)
    return only


def test_an_instance_that_is_well_has_no_fault(instance: Kontor) -> None:
    said = instance("check")
    assert said.code == 0
    assert "No faults found in instance.toml." in said.out


def test_the_development_setting_is_named(instance: Kontor) -> None:
    notes = [remark["problem"] for remark in instance("check", "--json").json if remark["grade"] == "note"]
    assert any("Development setting" in problem and "*.localhost" in problem for problem in notes)


def test_the_development_setting_at_a_public_address_is_a_fault(instance: Kontor, port: int) -> None:
    _edit(f"http://muster.localhost:{port}", "https://social.muster.example")
    found = _fault(instance)
    assert "Remove the table [development]" in found["fix"]


def test_a_broken_configuration_names_each_fault_and_its_fix(instance: Kontor) -> None:
    """Each fault of a broken configuration is named with its fix."""
    Path("instance.toml").write_text(
        '[instance]\nname = ""\nurl = "http://muster.example"\nlanguages = ["fr"]\n'
        '[server]\nprot = 8001\nport = "8001"\n[database]\nurl = "mysql://x"\n[federashun]\nmode = "open"\n',
        encoding="utf-8",
    )
    found = {remark["place"]: remark for remark in _faults(instance)}
    assert set(found) == {
        "instance.toml:2 [instance] name",
        "instance.toml:3 [instance] url",
        "instance.toml:4 [instance] languages",
        "instance.toml:6 [server] prot",
        "instance.toml:7 [server] port",
        "instance.toml:9 [database] url",
        "instance.toml:10 [federashun]",
        "instance.toml [secrets]",
    }
    assert all(remark["problem"] and remark["fix"] for remark in found.values())


@pytest.mark.parametrize(
    ("spoil", "place", "fix"),
    [
        (lambda: Path("kontor.key").unlink(), "key_file", "openssl rand"),
        (lambda: Path("kontor.key").chmod(0o644), "kontor.key", "chmod 600"),
        (lambda: Path("kontor.key").write_text("short"), "kontor.key", "one line such as"),
        (lambda: Path("kontor.sqlite3").unlink(), "sqlite", "kontor migrate"),
        (lambda: Path("kontor.sqlite3").write_bytes(b"this is no database" * 99), "sqlite", "[database] url"),
        (lambda: shutil.rmtree("media"), "[media] directory", "mkdir -p"),
        (lambda: Path("instance.toml").unlink(), "instance.toml", "kontor init"),
    ],
    ids=[
        "no key",
        "a key others can read",
        "a key too short",
        "no database",
        "no database at all",
        "no media",
        "nothing",
    ],
)
def test_what_is_missing_or_spoilt_is_found(
    instance: Kontor, spoil: Callable[[], object], place: str, fix: str
) -> None:
    spoil()
    found = _fault(instance)
    assert place in found["place"]
    assert fix in found["fix"]


def test_a_media_directory_that_cannot_be_written_is_found(instance: Kontor) -> None:
    shutil.rmtree("media")
    Path("media").write_text("a file where a folder should be", encoding="utf-8")
    assert "Nothing can be written there" in _fault(instance)["problem"]


def test_too_little_room_on_the_disk_is_found(instance: Kontor, monkeypatch: pytest.MonkeyPatch) -> None:
    full = shutil.disk_usage(".")._replace(free=1_000_000)
    monkeypatch.setattr("shutil.disk_usage", lambda place: full)
    assert "are free" in _fault(instance)["problem"]


def test_a_ledger_that_somebody_touched_is_found(instance: Kontor) -> None:
    instance("partner", "admit", "x.example")
    instance("partner", "suspend", "x.example")

    async def forge(session: AsyncSession) -> None:
        await session.execute(update(LedgerLine).values(actor="nobody"))

    _change(forge)
    assert _fault(instance)["place"].startswith("ledger line 1")


def test_keys_made_under_another_secret_are_found(instance: Kontor) -> None:
    async def make(session: AsyncSession) -> None:
        ring = KeyRing(Config.load("instance.toml").secret_key)
        await ring.ensure_in(session, (await accounts.by_username(session, "anna")).actor_id)

    _change(make)
    assert _faults(instance) == []
    Path("kontor.key").unlink()
    write_key(Path("kontor.key"))
    found = _fault(instance)
    assert "anna" in found["problem"]
    assert "Put back the key" in found["fix"]


def test_a_gate_that_nobody_keeps_is_found(instance: Kontor) -> None:
    instance("group", "add", "gehaeuse", "--owner", "anna", "--reach", "partners", "--gate", "on")
    assert _faults(instance) == []
    instance("person", "disable", "bernd")
    found = _fault(instance)
    assert found["place"] == "group gehaeuse"
    assert "--role gatekeeper" in found["fix"]


def test_an_instance_without_an_admin_is_found(instance: Kontor) -> None:
    async def dismiss(session: AsyncSession) -> None:
        (await accounts.by_username(session, "anna")).disabled_at = now()

    _change(dismiss)
    assert _fault(instance)["problem"] == "Nobody is admin."


def test_a_clock_that_was_set_back_is_found(instance: Kontor) -> None:
    instance("partner", "admit", "x.example")

    async def come_from_tomorrow(session: AsyncSession) -> None:
        await session.execute(update(JournalEntry).values(at=now() + timedelta(days=1)))

    _change(come_from_tomorrow)
    found = _fault(instance)
    assert found["place"] == "clock"
    assert "timedatectl" in found["fix"]


def test_entries_that_were_set_aside_are_noted(instance: Kontor) -> None:
    async def park(session: AsyncSession) -> None:
        session.add(Parked(consumer="outbox", entry_id=1, error="RuntimeError"))

    _change(park)
    assert _faults(instance) == []
    assert "1 entries were set aside" in instance("check").out


@pytest.mark.parametrize(
    ("lack", "problem"),
    [(Lack.EXTENSION, "PostgreSQL has no pg_trgm here"), (Lack.INDEX, "the index of them is not complete")],
)
def test_a_search_that_reads_all_posts_is_noted(
    instance: Kontor, monkeypatch: pytest.MonkeyPatch, lack: Lack, problem: str
) -> None:
    async def lacks(_session: AsyncSession) -> Lack:
        return lack

    monkeypatch.setattr(trigrams, "lack", lacks)
    assert _faults(instance) == []
    assert problem in instance("check").out


def test_a_port_that_somebody_else_has_is_found(instance: Kontor, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "_PATIENCE_SECONDS", 1)
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        found = _fault(instance)
    assert found["place"] == f"127.0.0.1:{port}"
    assert "Something else listens here" in found["problem"]


def test_an_address_that_is_not_of_this_machine_is_found(instance: Kontor, port: int) -> None:
    _edit(f"port = {port}", f'port = {port}\nbind = "192.0.2.1"')
    assert "[server] bind" in _fault(instance)["fix"]


def test_nothing_is_changed_by_looking(instance: Kontor) -> None:
    before: dict[str, Any] = {str(path): path.read_bytes() for path in Path().rglob("*") if path.is_file()}
    instance("check")
    instance("check")
    after = {str(path): path.read_bytes() for path in Path().rglob("*") if path.is_file()}
    assert {name: content for name, content in after.items() if not name.endswith(("-wal", "-shm"))} == before
