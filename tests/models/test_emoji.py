"""Custom emoji of other servers (CNT-6)."""

import pytest

from models import actors, emoji
from models.posts import receiving
from models.tables import ActorType, Visibility
from tests.world import World

PICTURE = "http://northwind.localhost:8002/blob.png"


def told(world: World, **more: object) -> receiving.RemotePost:
    known = {
        "uri": f"{world.nora.uri}/notes/1",
        "url": None,
        "author": world.nora,
        "visibility": Visibility.PUBLIC,
        "html": "<p>Good :blob: day :other:</p>",
        "emoji": {"blob": PICTURE},
    }
    return receiving.RemotePost(**(known | more))  # type: ignore[arg-type]


async def test_CNT_6_a_post_keeps_the_shortcodes_that_came_with_it(world: World) -> None:
    async with world.database.writing() as session:
        post = await receiving.receive(session, told(world))
        assert post is not None
        assert post.emoji == ["blob"]
        assert emoji.home_of(post) == world.nora.host
        found = await emoji.find(session, world.nora.host, "blob")
    assert found is not None
    assert found.url == PICTURE


async def test_CNT_6_another_server_may_mean_another_picture_and_a_newer_one_replaces_the_older(world: World) -> None:
    async with world.database.writing() as session:
        await emoji.keep(session, "a.example", {"blob": "https://a.example/1.png"})
        await emoji.keep(session, "b.example", {"blob": "https://b.example/1.png"})
        await emoji.keep(session, "a.example", {"blob": "https://a.example/2.png", "x": "https://a.example/x.png"})
    async with world.database.reading() as session:
        found = {host: await emoji.find(session, host, "blob") for host in ("a.example", "b.example", "c.example")}
    assert {host: each and each.url for host, each in found.items()} == {
        "a.example": "https://a.example/2.png",
        "b.example": "https://b.example/1.png",
        "c.example": None,
    }


async def test_a_name_keeps_them_too(world: World) -> None:
    async with world.database.writing() as session:
        uri = "http://northwind.localhost:8002/u/olaf"
        kept = await actors.keep(
            session,
            actors.RemoteActor(
                uri=uri, type=ActorType.PERSON, host="northwind.localhost:8002", username="olaf", url=uri,
                inbox=f"{uri}/inbox", display_name="Olaf :blob:", emoji={"blob": PICTURE},
            ),
        )  # fmt: skip
        assert (kept.emoji, emoji.home_of(kept)) == (["blob"], "northwind.localhost:8002")


@pytest.mark.parametrize(
    ("known", "texts", "found"),
    [
        (["blob"], ["<p>:blob: :blob:</p>"], ["blob"]),
        (["blob"], ["a:blob:b"], ["blob"]),
        (["blob", "x"], [":x:", ":blob:"], ["x", "blob"]),
        (["blob"], ["blob: :blo:b :Blob:"], []),
        ([], [":blob:"], []),
    ],
)
def test_only_those_that_are_used_are_shown(known: list[str], texts: list[str], found: list[str]) -> None:
    assert list(emoji.used(known, *texts)) == found
