"""Emoji of the house: used in posts and names, and sent along with their pictures (CNT-6)."""

import pytest

from federation.documents import post as documents
from models import actors, emoji
from models.tables import Actor, Post
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
async def test_a_name_may_have_an_emoji_of_the_house(world: World) -> None:
    async with world.database.writing() as session:
        await actors.change_profile(session, by=world.ada.staff, display_name="Ada :engine:")

    async with world.database.reading() as session:
        assert (await session.get_one(Actor, world.ada.id)).emoji == ["engine"]
