"""Whether anything was committed since one looked: the same moment means that nothing was, by any process."""

import asyncio

from models.database import Database
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
