"""Emoji of the house: used in posts and names, and sent along with their pictures (CNT-6)."""

from datetime import timedelta
from typing import Any

import pytest

from federation.documents import actor as actor_documents
from federation.documents import members
from federation.documents import post as documents
from models import actors, emoji, groups
from models.polls import PollDraft
from models.tables import Access, Actor, Post
from tests.federation.documents.test_actor_documents import own_keys
from tests.world import HOME, World


@pytest.fixture
async def engine(world: World) -> None:
    async with world.database.writing() as session:
        await emoji.add_own(session, "engine", file="ab/engine.png", media_type="image/png", by=world.alan.staff)


@pytest.mark.usefixtures("engine")
async def test_a_post_carries_the_emoji_of_the_house_that_stand_in_it(world: World) -> None:
    post = await world.ada.writes("Look :engine: and :nothing:", group=world.alpine)
    await world.grace.approves(post)
    async with world.database.reading() as session:
        found = await session.get_one(Post, post.id)
        document = await documents.render(session, found)

    assert found.emoji == ["engine"]
    url = f"{HOME}/media/own-emoji/ab/engine.png"
    assert [tag for tag in document["tag"] if tag["type"] == "Emoji"] == [
        {
            "id": url,
            "type": "Emoji",
            "name": ":engine:",
            "icon": {"type": "Image", "mediaType": "image/png", "url": url},
        }
    ]
    edited = await world.ada.edits(post, "Without")
    assert edited.emoji == []


@pytest.mark.usefixtures("engine")
async def test_the_answers_of_a_poll_bring_their_emoji(world: World) -> None:
    wish = PollDraft(options=["The :engine:", "The boiler"], lasts=timedelta(hours=1))
    post = await world.ada.writes("What first?", group=world.alpine, poll=wish)
    await world.grace.approves(post)
    async with world.database.reading() as session:
        document = await documents.render(session, await session.get_one(Post, post.id))

    assert [tag["name"] for tag in document["tag"] if tag["type"] == "Emoji"] == [":engine:"]


@pytest.mark.usefixtures("engine")
async def test_a_name_may_have_an_emoji_of_the_house(world: World) -> None:
    async with world.database.writing() as session:
        await actors.change_profile(session, by=world.ada.staff, display_name="Ada :engine:")

    async with world.database.reading() as session:
        assert (await session.get_one(Actor, world.ada.id)).emoji == ["engine"]


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("place", ["display_name", "about", "fields"])
async def test_CNT_6_a_profile_brings_the_emoji_of_the_house_that_it_uses(world: World, place: str) -> None:
    lines = [{"name": "Works on", "value": "the :engine:"}]
    told: dict[str, Any] = {place: lines if place == "fields" else "Ada :engine: :nothing:"}
    async with world.database.writing() as session:
        await actors.change_profile(session, by=world.ada.staff, **told)

    async with world.database.reading() as session:
        ada = await session.get_one(Actor, world.ada.id)
        document = actor_documents.render(
            ada, own_keys=own_keys(ada.uri), instance=world.database.instance, emoji=await emoji.rows_of(session, ada)
        )
    url = f"{HOME}/media/own-emoji/ab/engine.png"
    assert ada.emoji == ["engine"]
    assert [(tag["name"], tag["icon"]["url"]) for tag in document["tag"]] == [(":engine:", url)]
    assert members.emoji_of(document["tag"], insecure_hosts=(world.database.instance.host,), most=9) == {"engine": url}


@pytest.mark.usefixtures("engine")
async def test_a_group_has_the_emoji_of_its_name_and_purpose(world: World) -> None:
    async with world.database.writing() as session:
        founded = await groups.create(session, username="works", name="Works :engine:", owner=world.alan.staff)
        assert (await session.get_one(Actor, founded.id)).emoji == ["engine"]
        await groups.describe(session, founded, by=world.alan.staff, name="Works", purpose="", access=Access.OPEN)
        assert (await session.get_one(Actor, founded.id)).emoji == []
