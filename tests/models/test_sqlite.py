"""One connection of SQLite: a statement costs one step, a slow one holds up nobody twice, a transaction is one view."""

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from models import sqlite
from models.database import Database
from models.instance import Instance

QUESTION = "SELECT thread()"
COUNT = text("SELECT count(*) FROM notes")


@pytest.fixture
async def notes(tmp_path: Path) -> AsyncIterator[Database]:
    """A database with a table of notes."""
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/notes", instance=Instance(base_url="http://a.test", name="A"))
    async with database.writing() as session:
        await session.execute(text("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT UNIQUE)"))
    yield database
    await database.close()


@pytest.fixture
async def connection(tmp_path: Path) -> AsyncIterator[sqlite.Connection]:
    """A connection that can say in which thread a statement runs."""
    opened = sqlite.Connection(str(tmp_path / "plain"), begin="BEGIN", slow=sqlite.Slow())
    await opened
    opened._conn.create_function("thread", 0, lambda: threading.current_thread().name)
    yield opened
    await opened.close()


async def _asks(connection: sqlite.Connection, sql: str) -> object:
    cursor = connection.cursor()
    await cursor.execute(sql)
    return (await cursor.fetchall())[0][0]


async def test_a_quick_statement_needs_no_thread(connection: sqlite.Connection) -> None:
    assert await _asks(connection, QUESTION) == threading.current_thread().name


async def test_what_took_long_twice_is_asked_in_the_thread_for_a_while(
    connection: sqlite.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "QUICK_SECONDS", -1.0)
    assert await _asks(connection, QUESTION) == threading.current_thread().name
    assert await _asks(connection, QUESTION) == threading.current_thread().name
    monkeypatch.setattr(sqlite, "QUICK_SECONDS", 60.0)
    assert await _asks(connection, QUESTION) != threading.current_thread().name
    monkeypatch.setattr(sqlite, "monotonic", lambda: 1e12)  # long after
    assert await _asks(connection, QUESTION) == threading.current_thread().name


def test_what_was_quick_in_between_is_not_slow() -> None:
    slow = sqlite.Slow()
    for seconds in (1.0, 0.0, 1.0):
        slow.note(QUESTION, seconds)
    assert QUESTION not in slow
    slow.note(QUESTION, 1.0)
    assert QUESTION in slow


async def test_what_is_remembered_as_slow_is_bounded() -> None:
    slow = sqlite.Slow()
    for number in range(5000):
        slow.add(f"SELECT {number}")
        slow.note(f"SELECT {-number}", 1.0)
    assert len(slow._until) <= 500
    assert len(slow._suspects) <= 500
    assert "SELECT 4999" in slow


async def test_while_an_abandoned_statement_runs_the_next_one_waits_for_it(connection: sqlite.Connection) -> None:
    gate = threading.Event()
    connection._conn.create_function("waits", 0, lambda: gate.wait(10))
    connection._slow.add("SELECT waits()")
    task = asyncio.create_task(_asks(connection, "SELECT waits()"))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    after = asyncio.create_task(_asks(connection, QUESTION))
    await asyncio.sleep(0)
    assert not after.done()
    gate.set()
    assert await after != threading.current_thread().name


async def test_readers_see_one_moment_while_others_write(notes: Database) -> None:
    async with notes.reading() as reader:
        assert await reader.scalar(COUNT) == 0
        async with notes.writing() as writer:
            await writer.execute(text("INSERT INTO notes (text) VALUES ('one')"))
        assert await reader.scalar(COUNT) == 0
    async with notes.reading() as reader:
        assert await reader.scalar(COUNT) == 1


async def test_what_fails_leaves_nothing_and_the_connection_goes_on(notes: Database) -> None:
    with pytest.raises(IntegrityError):
        async with notes.writing() as session:
            await session.execute(text("INSERT INTO notes (text) VALUES ('one')"))
            await session.execute(text("INSERT INTO notes (text) VALUES ('one')"))
    async with notes.writing() as session:
        assert await session.scalar(COUNT) == 0
        await session.execute(text("INSERT INTO notes (text) VALUES ('two')"))
    async with notes.reading() as session:
        assert await session.scalar(COUNT) == 1


async def test_writers_of_two_processes_wait_for_one_another(notes: Database) -> None:
    other = Database(str(notes.url), instance=notes.instance)
    try:
        async with notes.writing() as first:
            await first.execute(text("INSERT INTO notes (text) VALUES ('one')"))
            second = asyncio.create_task(_adds(other, "two"))
            await asyncio.sleep(0.05)
            assert not second.done()
        await second
        async with notes.reading() as session:
            assert await session.scalar(COUNT) == 2
    finally:
        await other.close()


async def _adds(database: Database, note: str) -> None:
    async with database.writing() as session:
        await session.execute(text("INSERT INTO notes (text) VALUES (:text)"), {"text": note})
