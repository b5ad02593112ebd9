"""Whether anything was committed since one looked: the same moment means that nothing was, by any process."""

import asyncio
import contextlib
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import bindparam, delete, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.database import Database
from models.direct import Direct
from models.moments import PostgresMoments, SqliteMoments, _ended
from models.sqlite import Connection
from models.tables import Actor, Cursor, Post
from models.written import ALL, tables_changed, tables_named
from tests.world import World


async def test_while_nothing_is_committed_it_is_the_same_moment(world: World) -> None:
    before = await world.database.moment()
    await world.ada.home()

    assert await world.database.moment() == before


async def test_every_commit_makes_another_moment_whoever_makes_it(world: World) -> None:
    other_process = Database(str(world.database.url), instance=world.database.instance)
    seen = [await world.database.moment()]

    for database in (world.database, other_process, world.database, other_process):
        async with database.writing() as session:
            (await session.get_one(type(world.nora), world.nora.id)).display_name = f"Nora {len(seen)}"
        seen.append(await world.database.moment())

    assert len({str(moment) for moment in seen}) == len(seen)
    assert await world.database.moment() == seen[-1]
    await other_process.close()


async def test_what_is_not_committed_is_no_news(world: World) -> None:
    before = await world.database.moment()
    try:
        async with world.database.writing() as session:
            (await session.get_one(type(world.nora), world.nora.id)).display_name = "Nobody"
            await session.flush()
            raise InterruptedError
    except InterruptedError:
        pass

    unchanged = await world.database.moment()
    if world.database.is_sqlite:  # PostgreSQL counts what was given up too, which only makes somebody ask again
        assert unchanged == before
    async with world.database.writing() as session:
        (await session.get_one(type(world.nora), world.nora.id)).display_name = "Nora"
    assert await world.database.moment() not in (before, unchanged)


async def test_whoever_asks_after_a_commit_is_not_told_of_before(world: World) -> None:
    """Many ask at once; who comes after the commit never gets an answer that was under way before."""
    before = await world.database.moment()
    asking = [asyncio.create_task(world.database.moment()) for _ in range(20)]
    await asyncio.sleep(0)
    await world.ada.writes("Something new")

    assert await world.database.moment() != before
    await asyncio.gather(*asking)


async def test_a_database_that_cannot_tell_never_says_that_nothing_happened(world: World) -> None:
    before = await world.database.moment()
    broken = Database("sqlite+aiosqlite:////nowhere/at/all.sqlite3", instance=world.database.instance)

    assert await broken.moment() != await broken.moment()

    await world.database._moments.close()  # its connection was lost, and is opened again
    again = await world.database.moment()
    if world.database.is_sqlite:
        assert again != before
    assert await world.database.moment() == again
    await broken.close()


async def test_a_commit_is_told_by_the_tables_it_changed(world: World) -> None:
    """Also by what hangs on a row that goes; by another process on SQLite it may be anything."""
    database = world.database
    other_process = Database(str(database.url), instance=database.instance)
    await _moves(database, 1)
    before = await database.moment()

    await _moves(database, 2)
    machinery = await database.moment()
    assert machinery != before
    assert machinery.seen == before.seen
    assert machinery.of({"posts", "actors"}) == before.of({"posts", "actors"})
    assert machinery.of({"cursors"}) != before.of({"cursors"})

    post = await world.ada.writes("Something new")
    written = await database.moment()
    assert written.seen != machinery.seen
    assert written.of({"accounts", "access_tokens"}) == machinery.of({"accounts", "access_tokens"})
    assert written.of({"revisions"}) != machinery.of({"revisions"})

    async with database.writing() as session:
        await session.execute(delete(Post).where(Post.id == post.id))
    gone = await database.moment()
    assert gone.of({"likes"}) != written.of({"likes"})

    await _moves(other_process, 3)
    moved = await database.moment()
    assert moved != gone
    assert (moved.seen == gone.seen) is not database.is_sqlite
    assert (moved.of({"posts"}) == gone.of({"posts"})) is not database.is_sqlite
    await other_process.close()


@pytest.fixture
def postgres(world: World) -> Database:
    if world.database.is_sqlite:
        pytest.skip("about PostgreSQL")
    return world.database


_RENAMED = text("UPDATE actors SET display_name = 'Somebody'")


async def test_what_nobody_told_of_may_be_anything(postgres: Database) -> None:
    """What was done by hand, what was taken back, and what does not say which tables it changes."""
    await _moves(postgres, 1)
    seen = [(await postgres.moment()).seen]

    async with postgres.engine.begin() as connection:
        await connection.execute(_RENAMED)
    seen.append((await postgres.moment()).seen)
    with contextlib.suppress(InterruptedError):
        async with postgres.writing() as session:
            await session.execute(_RENAMED)
            raise InterruptedError
    seen.append((await postgres.moment()).seen)
    async with postgres.writing() as session:
        await session.execute(text("DO $$ BEGIN UPDATE actors SET display_name = 'Nobody'; END $$"))
    seen.append((await postgres.moment()).seen)

    assert len(set(seen)) == len(seen)


async def test_what_was_under_way_is_told_when_it_ends(postgres: Database) -> None:
    await _moves(postgres, 1)
    before = await postgres.moment()
    async with postgres.engine.connect() as connection:
        await connection.execute(_RENAMED)
        async with postgres.writing() as session:
            await session.merge(Cursor(consumer="other", transaction=0, position=1))
            await session.flush()
            assert await postgres.moment() == before
        await _moves(postgres, 2)
        during = await postgres.moment()
        assert during != before
        assert during.seen == before.seen

        await connection.commit()

    assert (await postgres.moment()).seen != during.seen


async def test_a_commit_tells_of_all_that_was_run_in_it_however_it_was_run(postgres: Database) -> None:
    """One row or many, by the short way or the long one."""
    rename = Direct(update(Actor).where(Actor.id == bindparam("person")).values(display_name=bindparam("name")))
    someone = {"person": 0, "name": "Nobody"}

    async def one(session: AsyncSession) -> None:
        await rename(session, someone)

    async def many(session: AsyncSession) -> None:
        await rename.for_each(session, [someone, someone])

    async def long(session: AsyncSession) -> None:
        await session.execute(rename.statement, someone)

    async def long_many(session: AsyncSession) -> None:
        await (await session.connection()).execute(rename.statement, [someone, someone])

    for way in (one, many, long, long_many):
        await _moves(postgres, 1)
        before = await postgres.moment()
        async with postgres.writing() as session:
            await way(session)
            await session.execute(text("UPDATE cursors SET position = position + 1"))
        assert (await postgres.moment()).seen != before.seen, way.__name__


async def test_who_was_not_listening_knows_nothing_of_what_was_told(postgres: Database) -> None:
    await _moves(postgres, 1)
    before = await postgres.moment()
    assert isinstance(postgres._moments, PostgresMoments)
    await postgres._moments._connection.close()

    await _moves(postgres, 2)
    lost = await postgres.moment()
    again = await postgres.moment()

    assert len({before.seen, lost.seen, again.seen}) == 3
    assert await postgres.moment() == again


def test_transactions_that_ended_between_two_snapshots_are_known_by_their_numbers() -> None:
    assert _ended("5:9:5,7", "5:9:5,7") == set()
    assert _ended("5:9:5,7", "5:12:5,10") == {7, 9, 11}
    assert _ended("9:9:", "12:12:") == {9, 10, 11}
    assert _ended("1:1:", "100000:100000:") is None


async def _moves(database: Database, position: int) -> None:
    async with database.writing() as session:
        await session.merge(Cursor(consumer="test", transaction=0, position=position))


@pytest.mark.parametrize("place", ["before", "during", "after"])
async def test_a_commit_of_another_process_is_not_taken_for_ours(
    world: World, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """However close it comes to ours: before ours has begun, just when it is over, and once we have looked."""
    database, elsewhere = world.database, str(world.database.url)
    if not database.is_sqlite:
        return
    await _moves(database, 1)
    before = await database.moment()
    assert isinstance(database._moments, SqliteMoments)

    def act() -> None:
        with sqlite3.connect(elsewhere.removeprefix("sqlite+aiosqlite:///")) as connection:
            connection.execute("UPDATE actors SET display_name = 'Somebody'")
        connection.close()

    looking, asking = database._moments._look, Connection.commits_of_others
    if place == "before":
        act()
    elif place == "during":
        monkeypatch.setattr(database._moments, "_look", lambda: (act(), looking())[1])
    else:
        monkeypatch.setattr(Connection, "commits_of_others", lambda connection: (act(), asking(connection))[1])
    await _moves(database, 2)
    monkeypatch.undo()

    assert (await database.moment()).seen != before.seen
    assert (await database.moment()).of({"actors"}) != before.of({"actors"})
    before = await database.moment()
    await _moves(database, 3)
    assert (await database.moment()).seen == before.seen


async def test_what_is_seen_before_it_is_known_what_it_was_is_waited_for(world: World) -> None:
    """Whoever asks between a commit of ours and its account is told when there is one; before it is seen, at once."""
    database = world.database
    if not database.is_sqlite:
        return
    assert isinstance(database._moments, SqliteMoments)
    other_process = Database(str(database.url), instance=database.instance)
    before = await database.moment()
    database._moments.committing()
    assert await database.moment() == before
    await _moves(other_process, 4)  # stands for our own commit, whose end nobody told us yet
    asking = [asyncio.create_task(database.moment()) for _ in range(2)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not any(task.done() for task in asking)
    database._moments.committed(None, ())
    after = await asyncio.wait_for(asyncio.gather(*asking), 10)
    assert after[0] == after[1] == await database.moment()
    assert after[0].seen != before.seen
    await other_process.close()


def test_what_a_statement_changes_is_told_by_its_text() -> None:
    assert tables_changed("INSERT INTO cursors (consumer) VALUES (?)") == {"cursors"}
    assert tables_changed("INSERT INTO cursors (a) VALUES (?) ON CONFLICT DO UPDATE SET a = 1") == {"cursors"}
    assert tables_changed("UPDATE received SET state=? WHERE received.id IN (?, ?)") == {"received"}
    assert tables_changed("SELECT posts.id FROM posts") == tables_changed("SAVEPOINT unit") == frozenset()
    assert tables_changed("WITH a AS (SELECT 1) SELECT * FROM a") == frozenset()
    assert {"posts", "likes", "revisions"} <= tables_changed("DELETE FROM posts WHERE posts.id = ?")
    assert tables_changed("DELETE FROM cursors") == {"cursors"}
    for unknown in (
        "WITH a AS (SELECT 1) DELETE FROM cursors",
        "ALTER TABLE posts ADD x",
        "DELETE FROM other",
        "VACUUM",
    ):
        assert tables_changed(unknown) == ALL
    assert "posts" in ALL
    assert tables_named("SELECT a.x FROM posts AS a, (SELECT 1 FROM likes)") == {"posts", "likes"}


def test_no_table_has_a_trigger() -> None:
    """What a statement changes would not be told by its text then."""
    for step in Path("models/migrations/versions").glob("*.py"):
        assert "TRIGGER" not in step.read_text().upper(), step
