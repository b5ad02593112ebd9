"""One person who does the same thing twice at the same moment."""

import asyncio
from typing import cast

import pytest
from sqlalchemy import QueuePool, func, select

from models import reactions, turns
from models.database import Database
from models.tables import Like, Post
from tests.world import Person, World


async def likes_in_turn(person: Person, post: Post, database: Database | None = None) -> None:
    async with turns.of_person(database or person.database, person.staff) as session:
        await reactions.like(session, post.id, by=person.staff)


async def test_who_likes_a_post_in_two_tabs_at_once_likes_it_once_and_nothing_breaks(world: World) -> None:
    post = await world.ada.writes("The new housing is here")
    other_process = Database(str(world.database.url), instance=world.database.instance)
    await asyncio.gather(
        *(likes_in_turn(world.joan, post) for _ in range(5)),
        *(likes_in_turn(world.joan, post, other_process) for _ in range(5)),
        likes_in_turn(world.alan, post),
    )
    await other_process.close()

    async with world.database.reading() as session:
        told = await session.scalars(select(Like.actor_id).where(Like.post_id == post.id).order_by(Like.actor_id))
        assert list(told) == sorted([world.joan.id, world.alan.id])
        assert await session.scalar(select(func.count()).select_from(Post)) == 1


async def test_who_does_much_at_once_takes_one_connection_from_the_others(world: World) -> None:
    post = await world.ada.writes("The new housing is here")
    if world.database.is_sqlite:
        pytest.skip("about PostgreSQL")
    pool = cast(QueuePool, world.database.engine.pool)
    async with turns.of_person(world.database, world.joan.staff):
        waiting = [asyncio.create_task(likes_in_turn(world.joan, post)) for _ in range(2 * pool.size())]
        await asyncio.wait_for(likes_in_turn(world.alan, post), 10)
        assert pool.checkedout() == 1
        waiting.pop().cancel()  # whose browser went away
    await asyncio.gather(*waiting)

    assert pool.checkedout() == 0
