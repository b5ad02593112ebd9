"""Search is quick by an index of trigrams, which decides nothing and loses nothing."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select, text

from models import migrations, search, trigrams
from models.database import Database
from models.posts import writing
from models.posts.drafts import Draft
from models.tables import Post
from models.trigrams import Lack, fts5, pg_trgm
from tests.world import Person, World


async def found(person: Person, query: str) -> list[int]:
    async with person.database.reading() as session:
        statement = await search.posts(session, person.staff, query)
        return [post.id for post in await session.scalars(statement)]


async def is_narrowed(database: Database, query: str) -> bool:
    async with database.reading() as session:
        return await trigrams.candidates(session, query.split()) is not None


async def indexed(database: Database, trigram: str) -> list[int]:
    """The posts in the index itself with these three letters; on PostgreSQL as it tells them apart."""
    if not database.is_sqlite:
        async with database.reading() as session:
            condition = await trigrams.candidates(session, [trigram])
            assert condition is not None
            return list(await session.scalars(select(Post.id).where(condition).order_by(Post.id)))
    question = text("SELECT rowid FROM post_trigrams WHERE post_trigrams MATCH :trigram ORDER BY rowid")
    async with database.reading() as session:
        return list(await session.scalars(question, {"trigram": f'"{trigram}"'}))


async def take_in(database: Database) -> None:
    async with database.writing() as session:
        assert await trigrams.take_in(session) is database.is_sqlite  # PostgreSQL does it by itself
        assert not await trigrams.take_in(session)


async def test_a_post_is_found_by_any_part_of_its_words_at_once_and_from_the_index(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = await world.ada.writes("Nothing of the kind")
    post = await world.ada.writes('Schichtübergabeprotokoll für Halle 3: 50% of "Ü-Wagen" wait_here')
    queries = (
        "gabeproto",
        "SCHICHT halle",
        "übergabe 50%",
        '"Ü-Wagen"',
        "t_h",
        "3:",
        "Protokoll für",
        "SCHICHTÜBER Ü-WAGEN",
        "ü-wagen FÜR",
    )

    for is_taken_in in (False, True):
        if is_taken_in:
            await take_in(world.database)
            assert await indexed(world.database, "kol") == [post.id]
        for query in queries:
            assert await found(world.ada, query) == [post.id], (query, is_taken_in)
        assert await found(world.ada, "gabeprotz") == []
        assert await found(world.ada, "t%h") == []
        assert await found(world.ada, "THE kind") == [other.id]
    assert await is_narrowed(world.database, "3: Halle")
    assert not await is_narrowed(world.database, "3: of")

    monkeypatch.setattr(fts5, "_COUNT", text(f"SELECT {fts5._MANY} WHERE :trigrams <> ''"))
    monkeypatch.setattr(pg_trgm, "_MANY", 1)
    assert not await is_narrowed(world.database, "Halle")
    assert await found(world.ada, "gabeproto") == [post.id]


async def test_what_is_edited_or_deleted_is_found_as_it_is_now(world: World) -> None:
    edited = await world.ada.writes("The turbine hums")
    deleted = await world.ada.writes("The turbine is loud")
    await world.grace.boosts(edited)
    await take_in(world.database)
    assert await found(world.ada, "turbine") == [deleted.id, edited.id]

    await world.ada.edits(edited, "The gearbox hums")
    await world.ada.deletes(deleted)
    assert await found(world.ada, "turbine") == []
    assert await indexed(world.database, "rbi") == []
    assert await found(world.ada, "gearbox") == [edited.id]

    await take_in(world.database)
    await world.ada.edits(edited, "The gearbox rattles")
    await world.ada.edits(edited, "The gearbox sings")
    assert await found(world.ada, "gearbox sings") == [edited.id]
    await take_in(world.database)
    assert await found(world.ada, "gearbox sings") == [edited.id]
    assert await indexed(world.database, "ttl") == []

    async with world.database.writing() as session:
        await session.execute(text("DELETE FROM posts WHERE id = :id"), {"id": edited.id})
    assert await indexed(world.database, "gea") == []


async def test_R_70_nobody_finds_by_the_index_what_they_may_not_read(world: World) -> None:
    post = await world.ada.writes("Unobtainium", group=world.alpine)
    await take_in(world.database)

    assert await found(world.ada, "Unobtainium") == [post.id]
    assert await found(world.joan, "Unobtainium") == []


async def test_without_fts5_search_goes_on_and_with_it_again_nothing_is_missing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not world.database.is_sqlite:
        pytest.skip("this is about SQLite")
    old = await world.ada.writes("The turbine hums")
    await take_in(world.database)

    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(fts5, "_is_possible", lambda _connection: False)
        assert await migrations.upgrade(world.database) == []
        new = await world.ada.writes("A turbine, too")
        await world.ada.edits(old, "The gearbox hums")
        assert not await is_narrowed(world.database, "turbine")
        assert await found(world.ada, "turbine") == [new.id]

    assert await migrations.upgrade(world.database) == []
    assert await is_narrowed(world.database, "turbine")
    assert await found(world.ada, "turbine") == [new.id]
    assert await indexed(world.database, "gea") == [old.id]
    assert await migrations.differences(world.database) == []


@pytest.fixture
async def without_index(world: World) -> AsyncIterator[World]:
    """A company whose posts are in no index, as of an earlier release; it has one again when the test is over."""
    if world.database.is_sqlite:
        pytest.skip("this is about PostgreSQL")
    await done(world.database, "DROP EXTENSION pg_trgm CASCADE")
    yield world
    await trigrams.complete(world.database)


async def done(database: Database, step: str) -> None:
    async with database.engine.begin() as connection:
        await connection.execute(text(step))


async def lack(database: Database) -> Lack | None:
    async with database.reading() as session:
        return await trigrams.lack(session)


async def test_old_posts_are_found_while_the_index_is_made_of_them(
    without_index: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = without_index
    database = world.database
    monkeypatch.setattr(pg_trgm, "FEW", 1)
    old = [await world.ada.writes(f"The turbine hums {number}") for number in range(2)]
    assert await lack(database) is Lack.EXTENSION

    assert await migrations.upgrade(database) == []  # there are too many to wait for
    assert await lack(database) is Lack.EXTENSION
    assert await found(world.ada, "turbine") == [old[1].id, old[0].id]

    async with database.writing() as session:  # whose end the index waits for
        new = await writing.write(session, Draft(text="A turbine, too"), by=world.ada.staff)
        making = asyncio.create_task(trigrams.complete(database))
        while await lack(database) is not Lack.INDEX:  # noqa: ASYNC110 - PostgreSQL says it to nobody
            await asyncio.sleep(0.01)
        await trigrams.complete(database)  # as another process would: it leaves it to the one that is at it
        assert not await is_narrowed(database, "turbine")
        assert await found(world.grace, "turbine") == [old[1].id, old[0].id]
    await making

    assert await lack(database) is None
    assert await is_narrowed(database, "turbine")
    assert await found(world.grace, "turbine") == [new.id, old[1].id, old[0].id]
    assert await migrations.differences(database) == []


async def test_an_index_that_was_not_made_to_its_end_is_made_anew(without_index: World) -> None:
    database = without_index.database
    post = await without_index.ada.writes("The turbine hums")
    await trigrams.complete(database)
    await done(database, "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'post_trigrams'::regclass")
    assert await lack(database) is Lack.INDEX
    assert await found(without_index.ada, "turbine") == [post.id]

    await trigrams.complete(database)

    assert await lack(database) is None
    assert await found(without_index.ada, "turbine") == [post.id]


async def test_where_pg_trgm_may_not_be_had_search_goes_on_without_it(
    without_index: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    post = await without_index.ada.writes("The turbine hums")
    monkeypatch.setattr(pg_trgm, "_SWITCH_ON", "CREATE EXTENSION pg_no_such_thing")

    await trigrams.complete(without_index.database)

    assert [record.message for record in caplog.records] == ["search reads all posts: there is no pg_trgm"]
    assert await lack(without_index.database) is Lack.EXTENSION
    assert await found(without_index.ada, "turbine") == [post.id]


async def test_pg_trgm_is_used_in_whichever_schema_it_is(without_index: World) -> None:
    database = without_index.database
    try:
        await done(database, 'CREATE SCHEMA "of others"')
        await done(database, 'CREATE EXTENSION pg_trgm SCHEMA "of others"')
        post = await without_index.ada.writes("The turbine hums")

        await trigrams.complete(database)

        assert await is_narrowed(database, "turbine")
        assert await found(without_index.ada, "turbine") == [post.id]
    finally:
        await done(database, 'DROP SCHEMA "of others" CASCADE')
