"""Writers of one process share a commit: each fails for itself, and none goes on before all of it is durable."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from models import commits, sqlite
from models.database import CONNECTION, JOURNALLED, Database
from models.instance import Instance

ADD = text("INSERT INTO notes (text) VALUES (:text)")


class Notes:
    """A database with a table of notes, seen by somebody else, who counts the commits."""

    def __init__(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        url, instance = f"sqlite+aiosqlite:///{path}/notes", Instance(base_url="http://a.test", name="A")
        self.database = Database(url, instance=instance)
        self.other = sqlite3.connect(str(path / "notes"))
        self.commits = 0
        self.fault: BaseException | None = None
        committing = sqlite.Connection.end

        async def end(connection: sqlite.Connection) -> None:
            self.commits += 1
            if self.fault is not None:
                await connection._elsewhere(connection._conn.rollback)
                raise self.fault
            await committing(connection)

        monkeypatch.setattr(sqlite.Connection, "end", end)

    @property
    def durable(self) -> list[str]:
        return [row[0] for row in self.other.execute("SELECT text FROM notes ORDER BY id")]

    async def add(self, note: str, *, fault: Exception | None = None) -> list[str]:
        """Write a note; what was durable when that was over."""
        try:
            async with self.database.writing() as session:
                await session.execute(ADD, {"text": note})
                await asyncio.sleep(0)
                if fault is not None:
                    raise fault
        finally:
            seen = self.durable
        return seen


@pytest.fixture
async def notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Notes]:
    monkeypatch.setattr(commits, "LONGEST_SECONDS", 60.0)
    made = Notes(tmp_path, monkeypatch)
    async with made.database.writing() as session:
        await session.execute(text("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT UNIQUE)"))
    made.commits = 0
    yield made
    made.other.close()
    await made.database.close()


async def test_who_waits_shares_a_commit_and_is_answered_after_it(notes: Notes) -> None:
    seen = await asyncio.gather(*[notes.add(str(number)) for number in range(10)])

    assert notes.commits < 5
    assert notes.durable == [str(number) for number in range(10)]
    assert all(str(number) in durable for number, durable in enumerate(seen))


async def test_what_fails_is_taken_back_by_itself_wherever_it_stood(notes: Notes) -> None:
    fault = InterruptedError()
    told = await asyncio.gather(
        notes.add("first", fault=fault),
        notes.add("second"),
        notes.add("third", fault=fault),
        notes.add("fourth"),
        notes.add("fourth"),
        notes.add("fifth", fault=fault),
        return_exceptions=True,
    )

    assert notes.durable == ["second", "fourth"]
    assert [type(each) for each in told] == [
        InterruptedError,
        list,
        InterruptedError,
        list,
        IntegrityError,
        InterruptedError,
    ]


async def test_whoever_is_refused_for_what_another_wrote_hears_it_when_that_is_durable(notes: Notes) -> None:
    seen: list[list[str]] = []

    async def refused() -> None:
        try:
            await notes.add("one")
        except IntegrityError:
            seen.append(notes.durable)

    await asyncio.gather(notes.add("one"), refused(), notes.add("two"))
    assert seen == [["one", "two"]]


async def test_a_commit_that_fails_fails_for_all_of_them(notes: Notes) -> None:
    told: list[str] = []

    async def journals(note: str) -> None:
        async with notes.database.writing() as session:
            await session.execute(ADD, {"text": note})
            session.info[JOURNALLED] = True

    notes.database.on_journalled = lambda _: told.append("told")
    notes.fault = sqlite3.OperationalError("disk I/O error")
    found = await asyncio.gather(journals("one"), journals("two"), journals("three"), return_exceptions=True)
    assert [isinstance(each, DBAPIError) for each in found] == [True] * 3
    assert (notes.durable, told, notes.database.changed.count) == ([], [], 0)

    notes.fault = None
    await asyncio.gather(journals("four"), journals("five"))
    assert notes.durable == ["four", "five"]
    assert (told, notes.database.changed.count) == (["told"] * 2, 2)


async def test_not_too_many_wait_for_one_another(notes: Notes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commits, "MOST", 2)
    await asyncio.gather(*[notes.add(str(number)) for number in range(6)])
    assert notes.commits == 3

    monkeypatch.setattr(commits, "LONGEST_SECONDS", 0.0)
    await asyncio.gather(*[notes.add(str(number)) for number in range(6, 9)])
    assert notes.commits == 6


async def test_whoever_comes_before_the_commit_begins_is_waited_for(
    notes: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commits, "ROUNDS", 1000)
    first = asyncio.create_task(notes.add("one"))
    async with asyncio.timeout(10):
        while notes.database._commits._about_to_commit is None:  # noqa: ASYNC110 - nobody else wants to know
            await asyncio.sleep(0)
    seen = await asyncio.gather(notes.add("two"), notes.add("three"), first)

    assert notes.commits == 1
    assert seen == [["one", "two", "three"]] * 3


@pytest.mark.parametrize("is_slow", [False, True])
@pytest.mark.parametrize("turns", range(4))
async def test_whoever_is_stopped_twice_takes_back_what_was_theirs_alone(
    notes: Notes, turns: int, is_slow: bool
) -> None:
    """However far it got meanwhile, and also while the thread is at a statement of theirs."""
    add = "INSERT INTO notes (text) VALUES (?)"
    begun = asyncio.Event()
    if is_slow:
        notes.database._slow.add(add)

    async def stopped() -> None:
        async with notes.database.writing() as session:
            begun.set()
            await session.info[CONNECTION].ask(add, ("one",))
            await asyncio.Event().wait()

    first, second = asyncio.create_task(stopped()), asyncio.create_task(notes.add("two"))
    await begun.wait()
    for _ in range(2):
        for _ in range(turns):
            await asyncio.sleep(0)
        first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert await asyncio.wait_for(second, 10) == ["two"]
    assert await notes.add("three") == ["two", "three"]


@pytest.mark.parametrize("turns", range(5))
async def test_who_stops_waiting_leaves_nobody_behind(notes: Notes, turns: int) -> None:
    """However far it got meanwhile."""
    first, second = (asyncio.create_task(notes.add(note)) for note in ("one", "two"))
    for _ in range(turns):
        await asyncio.sleep(0)
    second.cancel()
    assert "one" in await asyncio.wait_for(first, 10)
    await asyncio.wait([second])
    assert "three" in await asyncio.wait_for(notes.add("three"), 10)


async def test_who_is_torn_out_of_a_statement_commits_nothing_for_others(notes: Notes) -> None:
    """Its connection is given up; who was done before hears that it was in vain, who comes after is not disturbed."""
    gate, reached = threading.Event(), asyncio.Event()
    database = notes.database

    async def torn() -> None:
        async with database.writing() as session:
            await session.execute(ADD, {"text": "torn"})
            raw = (await (await session.connection()).get_raw_connection()).driver_connection
            assert isinstance(raw, sqlite.Connection)
            raw._conn.create_function("waits", 0, lambda: gate.wait(10))
            raw._slow.add("SELECT waits()")
            reached.set()
            await session.execute(text("SELECT waits()"))

    before = asyncio.create_task(notes.add("before"))
    task = asyncio.create_task(torn())
    await reached.wait()
    after = asyncio.create_task(notes.add("after"))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.sleep(0)
    gate.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert "after" in await asyncio.wait_for(after, 10)
    [told] = await asyncio.gather(before, return_exceptions=True)
    assert isinstance(told, Exception) is ("before" not in notes.durable)
    assert "torn" not in notes.durable


async def test_what_sqlite_took_back_itself_is_said_to_all_whose_it_was(notes: Notes) -> None:
    async def loses() -> None:
        async with notes.database.writing() as session:
            await session.execute(ADD, {"text": "lost"})
            await session.execute(text("ROLLBACK"))  # as SQLite does when the disk is full

    told = await asyncio.gather(notes.add("one"), loses(), notes.add("two"), return_exceptions=True)
    assert [isinstance(each, DBAPIError) for each in told] == [True, True, False]
    assert notes.durable == ["two"]
