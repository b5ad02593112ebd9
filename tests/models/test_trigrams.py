"""Search is quick by an index of trigrams, which decides nothing and loses nothing."""

import pytest
from sqlalchemy import text

from models import migrations, search, trigrams
from models.database import Database
from tests.world import Person, World

pytestmark = pytest.mark.usefixtures("sqlite_only")


@pytest.fixture
def sqlite_only(database_kind: str) -> None:
    if database_kind != "sqlite":
        pytest.skip("PostgreSQL compares the texts of all posts")


async def found(person: Person, query: str) -> list[int]:
    async with person.database.reading() as session:
        statement = await search.posts(session, person.staff, query)
        return [post.id for post in await session.scalars(statement)]


async def is_narrowed(database: Database, query: str) -> bool:
    async with database.reading() as session:
        return await trigrams.candidates(session, query.split()) is not None


async def indexed(database: Database, trigram: str) -> list[int]:
    """The posts in the index itself with these three letters."""
    question = text("SELECT rowid FROM post_trigrams WHERE post_trigrams MATCH :trigram ORDER BY rowid")
    async with database.reading() as session:
        return list(await session.scalars(question, {"trigram": f'"{trigram}"'}))


async def take_in(database: Database) -> None:
    async with database.writing() as session:
        assert await trigrams.take_in(session)
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

    monkeypatch.setattr(trigrams, "_COUNT", text(f"SELECT {trigrams._MANY} WHERE :trigrams <> ''"))
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
    old = await world.ada.writes("The turbine hums")
    await take_in(world.database)

    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(trigrams, "_is_possible", lambda _connection: False)
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
