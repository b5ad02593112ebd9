"""Not hearing somebody: what ends, what is swept, and what it costs those who hear everybody."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from models import mutes, relations, timelines
from models.base import now
from models.errors import NotAllowed
from models.journal import head
from models.posts import receiving
from models.posts.receiving import RemotePost
from models.tables import Actor, Mute, Severance, Visibility
from models.viewers import Staff
from tests.time import Clock
from tests.world import NORTHWIND, World


async def _mutes(world: World, by: Staff, whom: int, **more: timedelta) -> None:
    async with world.database.writing() as session:
        await mutes.mute(session, await session.get_one(Actor, whom), by=by, **more)


async def test_what_ended_is_swept_and_what_lasts_stays(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock.held(monkeypatch)
    post = await world.grace.writes("Hello")
    await _mutes(world, world.ada.staff, world.grace.id, lasts=timedelta(hours=1))
    await _mutes(world, world.ada.staff, world.joan.id)
    assert [one.id for one in await world.ada.home()] == []

    clock.advance(hours=2)
    heard = [one.id for one in await world.ada.home()]
    async with world.database.writing() as session:
        await mutes.sweep(session)
        left = (await session.scalars(select(Mute.target_id))).all()

    assert heard == [post.id]
    assert left == [world.joan.id]


async def test_of_whom_one_follows_only_some_languages_are_read(world: World) -> None:
    async with world.database.writing() as session:
        nora = await session.get_one(Actor, world.nora.id)
        follow = await relations.follow(session, nora, by=world.ada.staff, languages=["de", "fr"])
        follow.accepted_at = now()
        for number, language in enumerate(("de", "en", None)):
            told = RemotePost(
                uri=f"http://{NORTHWIND}/o/{number}",
                url=None,
                author=nora,
                visibility=Visibility.PUBLIC,
                html="<p>x</p>",
                language=language,
            )
            await receiving.receive(session, told)

    assert [post.language for post in await world.ada.home()] == [None, "de"]
    async with world.database.writing() as session:
        await mutes.block_host(session, NORTHWIND, by=world.joan.staff)
    for person, count in ((world.joan, 0), (world.grace, 3)):
        async with world.database.reading() as session:
            found = await session.scalars(timelines.elsewhere(person.staff))
            assert len(found.all()) == count


async def test_blocking_a_server_ends_follows_across_and_says_how_many(world: World) -> None:
    async with world.database.writing() as session:
        ada = await session.get_one(Actor, world.ada.id)
        nora = await session.get_one(Actor, world.nora.id)
        await relations.follow(session, nora, by=world.ada.staff)
        await relations.receive_answer(session, follower=ada, by=nora, accepted=True)
        before = await head(session)
        await mutes.block_host(session, NORTHWIND, by=world.ada.staff)
        await mutes.block_host(session, NORTHWIND, by=world.ada.staff)
        told = (await session.scalars(select(Severance))).one()
        assert await head(session) > before
        assert await relations.between(session, ada.id, nora.id) is None
        with pytest.raises(NotAllowed):
            await relations.receive_follow(session, by=nora, followee=ada, uri="http://northwind.localhost:8002/f/1")
    assert (told.account_id, told.host, told.is_own) == (world.ada.staff.account_id, NORTHWIND, True)
    assert (told.followers, told.following) == (0, 1)
    async with world.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(Mute)) == 0
