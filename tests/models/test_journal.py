"""The journal: entries in order, each dealt with once in effect, and none that stops its neighbours."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import event, select

from models import audit, journal, notifications, postgresql
from models.database import Database
from models.journal import Consumer, Entry, Position, Reader, Window, reading
from models.tables import AuditLine, Cursor, JournalEntry, Parked
from tests.world import World


class Rang(Entry, frozen=True):
    """An entry that only these tests know."""

    number: int


@pytest.fixture
def statements(database: Database, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was asked of the database since this was emptied last."""
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        asked.append(statement)

    for engine in {database._reader.sync_engine, database._writer.sync_engine}:
        event.listen(engine, "before_cursor_execute", note)
    ask = postgresql.Straight.ask

    async def noted(connection: postgresql.Straight, sql: str, parameters: Any) -> Any:
        asked.append(sql)
        return await ask(connection, sql, parameters)

    monkeypatch.setattr(postgresql.Straight, "ask", noted)
    return asked


def _bell(name: str = "bell", *, fails_at: int | None = None) -> Consumer:
    """A consumer that leaves a line in the audit log for each ring."""

    async def rang(session: object, entry: Rang) -> None:
        audit.note(session, name, number=entry.number)  # type: ignore[arg-type]
        if entry.number == fails_at:
            raise RuntimeError("the rope broke")

    return journal.consumer(name, {Rang: rang})


async def _ring(database: Database, *numbers: int) -> None:
    async with database.writing() as session:
        for number in numbers:
            journal.record(session, Rang(number))


async def _heard(database: Database, name: str = "bell") -> list[int]:
    async with database.reading() as session:
        lines = await session.scalars(select(AuditLine).where(AuditLine.action == name).order_by(AuditLine.id))
        return [line.facts["number"] for line in lines]


async def test_two_processes_that_begin_at_once_have_one_cursor(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    await _ring(database, 1, 2, 3)
    await asyncio.gather(*(Reader(database, _bell()).catch_up() for _ in range(3)))
    assert await _heard(database) == [1, 2, 3]
    assert "failed" not in caplog.text


async def test_entries_are_read_in_the_order_they_were_written(database: Database) -> None:
    bell = _bell()
    await _ring(database, 1, 2)
    await _ring(database, 3)
    assert await bell.catch_up(database) == 3
    assert await _heard(database) == [1, 2, 3]


async def test_a_second_look_finds_nothing_new(database: Database) -> None:
    bell = _bell()
    await _ring(database, 1)
    await bell.catch_up(database)
    assert await bell.catch_up(database) == 0
    await _ring(database, 2)
    assert await bell.catch_up(database) == 1
    assert await _heard(database) == [1, 2]


async def test_each_consumer_reads_at_its_own_pace(database: Database) -> None:
    await _ring(database, 1, 2)
    await _bell("first").catch_up(database)
    await _ring(database, 3)
    await _bell("second").catch_up(database)
    assert await _heard(database, "first") == [1, 2]
    assert await _heard(database, "second") == [1, 2, 3]


async def test_more_entries_than_one_batch_are_all_read(database: Database) -> None:
    await _ring(database, *range(250))
    assert await _bell().catch_up(database) == 250
    assert await _heard(database) == list(range(250))


async def test_an_entry_of_a_transaction_that_failed_never_happened(database: Database) -> None:
    """Effect and announcement are one transaction (promise 2)."""
    with pytest.raises(RuntimeError):
        async with database.writing() as session:
            journal.record(session, Rang(1))
            raise RuntimeError("the verb failed after its entry")
    await _ring(database, 2)
    await _bell().catch_up(database)
    assert await _heard(database) == [2]


async def test_what_a_consumer_wrote_before_it_failed_is_not_there_twice(database: Database) -> None:
    """The cursor moves in the transaction of the effects: a batch that fails leaves neither."""
    await _ring(database, 1, 2, 3)
    await _bell(fails_at=2).catch_up(database)
    assert await _heard(database) == [1, 3]


async def test_an_entry_that_keeps_failing_is_parked_and_its_neighbours_go_on(database: Database) -> None:
    await _ring(database, 1, 2, 3)
    await _bell(fails_at=2).catch_up(database)
    await _ring(database, 4)
    await _bell(fails_at=2).catch_up(database)
    assert await _heard(database) == [1, 3, 4]
    async with database.reading() as session:
        parked = (await session.scalars(select(Parked))).one()
        entry = await session.get_one(JournalEntry, parked.entry_id)
    assert (parked.consumer, parked.error, entry.facts) == ("bell", "RuntimeError: the rope broke", {"number": 2})


async def test_two_workers_of_one_consumer_do_everything_once(database: Database) -> None:
    await _ring(database, *range(120))
    await asyncio.gather(_bell().catch_up(database), _bell().catch_up(database))
    assert await _heard(database) == list(range(120))


async def test_a_consumer_that_starts_anew_goes_on_where_its_cursor_is(database: Database) -> None:
    await _ring(database, 1, 2)
    await _bell().catch_up(database)
    await _ring(database, 3)
    async with database.reading() as session:
        place = await session.get_one(Cursor, "bell")
        behind = await journal.read(session, Position(place.transaction, place.position))
    assert [entry for _, entry in behind] == [Rang(3)]


async def test_entries_of_a_later_release_are_passed_over(database: Database) -> None:
    await _ring(database, 1)
    async with database.writing() as session:
        unknown = JournalEntry(kind="FromTheFuture", facts={"what": "ever"})
        session.add(unknown)
    await _ring(database, 2)
    await _bell().catch_up(database)
    assert await _heard(database) == [1, 2]


async def test_an_entry_committed_late_is_not_jumped_over(database: Database) -> None:
    """PostgreSQL hands numbers out before commits: whoever began first may commit last, and must still be read."""
    if database.is_sqlite:
        await _ring(database, 1, 2)
        await _bell().catch_up(database)
        assert await _heard(database) == [1, 2]
        return
    async with database.writing() as slow:
        journal.record(slow, Rang(1))
        await slow.flush()
        await _ring(database, 2)
        assert await _bell().catch_up(database) == 0
    assert await _bell().catch_up(database) == 2
    assert sorted(await _heard(database)) == [1, 2]


async def test_who_waits_for_an_older_transaction_is_woken_when_it_has_ended_without_news(database: Database) -> None:
    """On PostgreSQL; on SQLite nobody commits while another one writes."""
    window = Window(database)
    last = Position()
    await window.after(last)
    async with database.writing() as older:
        audit.note(older, "older")
        await older.flush()
        if not database.is_sqlite:
            await _ring(database, 1)
            assert await window.after(last) == []
    if database.is_sqlite:
        await _ring(database, 1)
    async with asyncio.timeout(30):
        while not (found := await window.after(last)):
            seen = database.changed.count
            assert await database.changed.wait(seen, at_most=30) > seen
    assert [entry for _, entry in found] == [Rang(1)]


async def test_whoever_waits_is_woken_by_a_commit(database: Database) -> None:
    seen = database.changed.count
    waiting = asyncio.create_task(database.changed.wait(seen, at_most=30))
    await asyncio.sleep(0)
    await _ring(database, 1)
    assert await waiting == seen + 1


async def test_a_commit_of_another_process_wakes_us_on_postgresql(database: Database) -> None:
    if database.is_sqlite:
        await database.listen()
        assert database.changed.count == 0
        return
    await database.listen()
    other = Database(database.url.render_as_string(hide_password=False), instance=database.instance)
    seen = database.changed.count
    await _ring(other, 1)
    await other.close()
    assert await database.changed.wait(seen, at_most=30) > seen


# Reading in one process


async def _place(database: Database, name: str = "bell") -> int:
    async with database.reading() as session:
        cursor = await session.get(Cursor, name)
        return cursor.position if cursor is not None else 0


class Ticked(Entry, frozen=True):
    """An entry that no consumer here cares for."""


async def _tick(database: Database, times: int = 1) -> None:
    async with database.writing() as session:
        for _ in range(times):
            journal.record(session, Ticked())


async def test_readers_of_one_process_read_the_journal_once(database: Database, statements: list[str]) -> None:
    readers = [Reader(database, _bell(name)) for name in ("first", "second", "third")]
    for reader in readers:
        await reader.catch_up()
    await _ring(database, 1, 2)
    statements.clear()
    for reader in readers:
        assert await reader.catch_up() == 2
    assert len([text for text in statements if "FROM journal" in text]) == (0 if database.is_sqlite else 1)
    assert [await _heard(database, name) for name in ("first", "second", "third")] == [[1, 2]] * 3


async def test_what_concerns_nobody_is_read_without_a_transaction(database: Database, statements: list[str]) -> None:
    reader = Reader(database, _bell())
    await _ring(database, 1)
    await reader.catch_up()
    before = await _place(database)
    await _tick(database)
    statements.clear()
    assert await reader.catch_up() == 1
    assert await reader.catch_up() == 0
    assert not [text for text in statements if "cursors" in text]
    assert await _place(database) == before
    await reader.save()
    assert await _place(database) > before


async def test_after_a_crash_what_concerned_nobody_is_read_again_and_nothing_is_missed(database: Database) -> None:
    await _ring(database, 1)
    crashed = Reader(database, _bell())
    await crashed.catch_up()
    await _tick(database, 3)
    await crashed.catch_up()
    await _ring(database, 2)
    assert await Reader(database, _bell()).catch_up() == 4
    assert await _heard(database) == [1, 2]


async def test_of_readers_in_two_processes_one_deals_with_an_entry(database: Database) -> None:
    one, other = Reader(database, _bell()), Reader(database, _bell())
    await _tick(database)
    await one.catch_up()
    await other.catch_up()
    for number in range(1, 4):
        await _ring(database, number)
        await one.catch_up()
        await _tick(database)
        await other.catch_up()
    await other.save()
    await one.save()
    assert await _heard(database) == [1, 2, 3]


async def test_a_cursor_goes_along_with_very_many_entries_that_concern_nobody(database: Database) -> None:
    await _tick(database, 1100)
    await Reader(database, _bell()).catch_up()
    assert await _place(database) >= 1000


async def test_a_window_gives_what_is_older_than_it_keeps(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_KEPT", 10)
    window = Window(database)
    await window.after(Position())
    await _ring(database, *range(25))
    assert [entry for _, entry in await window.after(Position())] == [Rang(number) for number in range(25)]
    behind = await window.after((await window.after(Position()))[-4][0])
    assert [entry for _, entry in behind] == [Rang(22), Rang(23), Rang(24)]
    assert len(window._entries) <= 10


async def test_what_another_process_wrote_shows_soon(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    window = Window(database)
    assert await window.after(Position()) == []
    other = Database(database.url.render_as_string(hide_password=False), instance=database.instance)
    await _ring(other, 1)
    await other.close()
    monkeypatch.setattr(reading, "_FRESH_SECONDS", 0.0)
    assert [entry for _, entry in await window.after(Position())] == [Rang(1)]


async def test_telling_somebody_twice_is_silent(world: World) -> None:
    """Consumers may see an entry again, after a crash between effect and cursor."""
    await world.ada.writes("Hello @joan")
    await world.settle()
    told = await world.joan.notifications()
    async with world.database.writing() as session:
        cursor = await session.get_one(Cursor, notifications.CONSUMER.name)
        cursor.transaction = cursor.position = 0
    await world.settle()
    assert await world.joan.notifications() == told == ["mention"]


async def test_what_this_process_commits_is_not_read_again(database: Database, statements: list[str]) -> None:
    if not database.is_sqlite:
        pytest.skip("positions on PostgreSQL are known after the commit")
    window = journal.window(database)
    place = await _newest(database)
    assert await window.after(place) == []
    statements.clear()
    async with database.writing() as session:
        journal.record(session, Rang(1))
        await journal.record_all(session, [Rang(2), Rang(3)])
    assert [entry for _, entry in await window.after(place)] == [Rang(1), Rang(2), Rang(3)]
    assert not [asked for asked in statements if asked.startswith("SELECT")]

    async with database.reading() as session:
        assert await window.after(place) == await journal.read(session, place)


async def test_what_another_process_committed_between_is_not_left_out(database: Database) -> None:
    if not database.is_sqlite:
        pytest.skip("positions on PostgreSQL are known after the commit")
    window = journal.window(database)
    place = await _newest(database)
    await window.after(place)
    other = Database(database.url.render_as_string(hide_password=False), instance=database.instance)
    await _ring(other, 1)
    await other.close()
    await _ring(database, 2)

    assert [entry for _, entry in await window.after(place)] == [Rang(1), Rang(2)]


@pytest.mark.parametrize("how", ["one by one", "many at once"])
async def test_what_was_given_up_inside_a_transaction_never_happened(database: Database, how: str) -> None:
    """Its number is given out again: whoever believed in it would take the next entry for one they know."""
    window = journal.window(database)
    place = await _newest(database)
    await window.after(place)

    async with database.writing() as session, session.begin_nested() as trial:
        if how == "one by one":
            journal.record(session, Rang(1))
            await session.flush()
        else:
            await journal.record_all(session, [Rang(1)])
        await trial.rollback()
    assert await window.after(place) == []
    await _ring(database, 2)

    assert [entry for _, entry in await window.after(place)] == [Rang(2)]


async def _newest(database: Database) -> Position:
    async with database.reading() as session:
        return await journal.head(session)


async def test_what_another_process_is_at_is_left_to_it(database: Database) -> None:
    await _ring(database, 1)
    reader = Reader(database, _bell())
    await reader.catch_up()
    await _ring(database, 2)
    if not database.is_sqlite:  # which has one process
        async with database.writing() as other:
            await other.get(Cursor, "bell", with_for_update=True)
            assert await asyncio.wait_for(reader.catch_up(), 30) == 0
    assert await reader.catch_up() == 1
    assert await _heard(database) == [1, 2]
