"""PostgreSQL is asked in as few round trips as there are questions, and connections that are gone are noticed."""

import asyncio

import pytest
from sqlalchemy import BigInteger, bindparam, event, literal, select, text, union_all
from sqlalchemy.exc import IntegrityError

from models import journal, postgresql
from models.database import Database
from models.direct import Direct
from models.tables import Post, Visibility

_WHICH = text("SELECT pg_backend_pid()")
_END = text("SELECT pg_terminate_backend(:pid)")


@pytest.fixture
def postgres(database: Database) -> Database:
    if database.is_sqlite:
        pytest.skip("about PostgreSQL")
    return database


async def _which(database: Database) -> int:
    async with database.reading() as session:
        return int(await session.scalar(_WHICH) or 0)


async def test_who_only_asks_begins_no_transaction_and_gets_the_connection_used_last(postgres: Database) -> None:
    async with postgres.reading() as session:
        first = await session.scalar(text("SELECT pg_current_xact_id()"))
        second = await session.scalar(text("SELECT pg_current_xact_id()"))

    assert first != second
    assert await _which(postgres) == await _which(postgres)

    async with postgres.writing() as session:
        first = await session.scalar(text("SELECT pg_current_xact_id()"))
        second = await session.scalar(text("SELECT pg_current_xact_id()"))

    assert first == second


async def test_a_connection_that_the_server_ended_is_not_given_to_anybody(
    postgres: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "IDLE_SECONDS", -1.0)  # nothing may have been told us yet
    gone = await _which(postgres)
    other = Database(str(postgres.url.render_as_string(hide_password=False)), instance=postgres.instance)
    async with other.writing() as session:
        await session.execute(_END, {"pid": gone})
    await other.close()

    assert await _which(postgres) != gone


async def test_a_list_is_one_parameter_however_long_it_is(postgres: Database) -> None:
    """So that every length is the same statement, prepared once."""
    asked: list[str] = []
    event.listen(postgres.engine.sync_engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    number = bindparam("numbers", expanding=True, type_=BigInteger)
    one, two = literal(1, BigInteger), literal(2, BigInteger)
    among = union_all(select(one.label("it")).where(one.in_(number)), select(two).where(two.in_(number)))
    others = union_all(select(one.label("it")).where(one.not_in(number)), select(two).where(two.not_in(number)))
    kinds = select(Post.id).where(Post.visibility.in_([Visibility.PUBLIC, Visibility.DIRECT]), Post.id.in_([7]))

    async with postgres.reading() as session:
        for wanted in ([], [2], [1, 2], [3, 2]):
            assert set(await session.scalars(among, {"numbers": wanted})) == {1, 2} & set(wanted)
            assert set(await session.scalars(others, {"numbers": wanted})) == {1, 2} - set(wanted)
            assert {row[0] for row in await Direct(among)(session, {"numbers": wanted})} == {1, 2} & set(wanted)
        assert list(await session.scalars(kinds)) == []

    assert len(set(asked)) == 3
    assert all("ANY" in statement or "ALL" in statement for statement in asked)


async def test_what_a_list_is_made_of_is_asked_once_for_all_connections(postgres: Database) -> None:
    wanted = select(literal(1, BigInteger)).where(literal(1, BigInteger).in_([1, 2]))
    async with postgres.reading() as session:
        assert list(await session.scalars(wanted)) == [1]
    known = dict(postgresql._TYPES)
    other = Database(str(postgres.url.render_as_string(hide_password=False)), instance=postgres.instance)
    async with other.reading() as session:
        assert list(await session.scalars(wanted)) == [1]
    await other.close()
    assert known and known == postgresql._TYPES


async def test_statements_are_not_compiled_for_tables_that_nobody_counted(postgres: Database) -> None:
    async with postgres.reading() as session:
        assert await session.scalar(text("SHOW jit")) == "off"


async def test_others_are_told_with_the_commit_and_of_nothing_that_was_taken_back(postgres: Database) -> None:
    other = Database(str(postgres.url.render_as_string(hide_password=False)), instance=postgres.instance)
    await other.listen()
    with pytest.raises(ZeroDivisionError):
        async with postgres.writing() as session:
            await journal.record_all(session, [journal.ActorChanged(1)])
            raise ZeroDivisionError
    with pytest.raises(IntegrityError):
        async with postgres.writing() as session:
            journal.record(session, journal.ActorChanged(2))
            await session.execute(text("INSERT INTO journal (transaction) VALUES (0)"))
    async with postgres.writing() as session:
        await session.execute(text("SELECT 1"))
    assert other.changed.count == 0

    async with postgres.writing() as session:
        await journal.record_all(session, [journal.ActorChanged(3)])
    assert await other.changed.wait(0, at_most=5.0) == 1
    await other.close()


async def test_whom_the_database_cut_off_hears_of_commits_again(postgres: Database) -> None:
    other = Database(str(postgres.url.render_as_string(hide_password=False)), instance=postgres.instance)
    await other.listen()
    cut = "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"
    async with postgres.reading() as session:
        assert await session.scalar(text(f"{cut} AND datname = current_database()")) == 1
    await asyncio.sleep(0)
    await other.listen()
    missed = other.changed.count
    assert missed == 1

    async with postgres.writing() as session:
        await journal.record_all(session, [journal.ActorChanged(3)])
    assert await other.changed.wait(missed, at_most=5.0) == 2
    await other.close()


async def test_who_is_cancelled_leaves_nothing_behind(postgres: Database) -> None:
    is_under_way = asyncio.Event()

    async def lingers() -> None:
        async with postgres.writing() as session:
            await journal.record_all(session, [journal.ActorChanged(1)])
            is_under_way.set()
            await session.execute(text("SELECT pg_sleep(30)"))

    task = asyncio.create_task(lingers())
    await is_under_way.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    async with postgres.reading() as session:
        assert list(await journal.read(session, journal.Position())) == []


async def test_tables_that_grew_fast_are_counted_once(postgres: Database) -> None:
    grown = text(
        "INSERT INTO journal (transaction, kind, facts, at) SELECT 0, 'Rang', '{}', now() FROM generate_series(1, 200)"
    )
    async with postgres.writing() as session:
        await session.execute(grown)
    async with postgres.reading() as session:
        await session.execute(text("SELECT pg_stat_force_next_flush()"))
        await session.execute(text("SELECT 1"))

    assert "journal" in await postgresql.count_rows(postgres.engine)

    async with postgres.reading() as session:
        assert await session.scalar(text("SELECT reltuples FROM pg_class WHERE relname = 'journal'")) >= 200
    assert "journal" not in await postgresql.count_rows(postgres.engine)
