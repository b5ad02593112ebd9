"""One person who does the same thing twice at the same moment."""

import asyncio

from sqlalchemy import func, select

from models import reactions, turns
from models.tables import Like, Post
from tests.world import Person, World


async def likes_in_turn(person: Person, post: Post) -> None:
    async with person.database.writing() as session:
        await turns.of_person(session, person.staff)
        await reactions.like(session, post.id, by=person.staff)


async def test_who_likes_a_post_in_two_tabs_at_once_likes_it_once_and_nothing_breaks(world: World) -> None:
    post = await world.ada.writes("The new housing is here")
    await asyncio.gather(*(likes_in_turn(world.joan, post) for _ in range(5)), likes_in_turn(world.alan, post))

    async with world.database.reading() as session:
        told = await session.scalars(select(Like.actor_id).where(Like.post_id == post.id).order_by(Like.actor_id))
        assert list(told) == sorted([world.joan.id, world.alan.id])
        assert await session.scalar(select(func.count()).select_from(Post)) == 1
