"""Which posts of ours concern nobody outside, so that nothing is to be done when they may leave."""

from collections.abc import Awaitable, Callable

import pytest
from msgspec.structs import replace

from models import actors, journal, relations
from models.database import Database
from models.interactions import QuotePolicy
from models.posts import departing
from models.tables import EVERYBODY, Actor, Post, Visibility
from tests.world import World


@pytest.fixture(autouse=True)
def _is_public(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """In this company a public post of an app is for the whole network."""
    monkeypatch.setattr(world.database, "instance", replace(world.database.instance, clients_public_leaves=True))


async def _is_quiet(world: World, post: Post, database: Database | None = None) -> bool:
    async with world.database.reading() as session:
        entries = [entry for _, entry in await journal.read(session, journal.Position(), limit=1000)]
    told = [entry for entry in entries if isinstance(entry, journal.PostReleased) and entry.post_id == post.id][-1:]
    return bool(await departing.unheard(database or world.database, told))


async def _writes(world: World, text: str = "Hello", **more: object) -> Post:
    """A public post of somebody whom all the world knows already."""
    async with world.database.writing() as session:
        await actors.disclose(session, world.ada.id, {EVERYBODY})
    return await world.ada.writes(text, **{"visibility": Visibility.PUBLIC, **more})


@pytest.mark.parametrize("visibility", [Visibility.PUBLIC, Visibility.UNLISTED, Visibility.FOLLOWERS])
async def test_a_post_that_nobody_outside_follows_is_quiet(world: World, visibility: Visibility) -> None:
    assert await _is_quiet(world, await _writes(world, visibility=visibility)) is True


async def test_a_follower_in_the_house_changes_nothing(world: World) -> None:
    async with world.database.writing() as session:
        await relations.follow(session, await session.get_one(Actor, world.ada.id), by=world.grace.staff)
    assert await _is_quiet(world, await _writes(world)) is True


@pytest.mark.parametrize("is_accepted", [True, False])
async def test_a_follower_outside_gets_it_once_accepted(world: World, is_accepted: bool) -> None:
    """Also when another process let them follow."""
    follower = await world.northwind.sends("sam")
    other = Database(str(world.database.url), instance=world.database.instance)
    assert await _is_quiet(world, await _writes(world)) is True
    async with other.writing() as session:
        ada = await session.get_one(Actor, world.ada.id)
        ada.is_locked = not is_accepted
        await relations.receive_follow(session, by=follower, followee=ada, uri=f"{follower.uri}/follow")
    post = await _writes(world)
    for database in (world.database, other):
        assert await _is_quiet(world, post, database) is not is_accepted
    await other.close()


async def test_the_first_public_post_makes_its_author_known(world: World) -> None:
    assert await _is_quiet(world, await world.ada.writes("Hello", visibility=Visibility.PUBLIC)) is False


async def test_whom_it_names_is_told(world: World) -> None:
    assert await _is_quiet(world, await _writes(world, "Hello @grace")) is False


async def test_what_it_answers_is_looked_at(world: World) -> None:
    assert await _is_quiet(world, await _writes(world, reply_to_id=(await _writes(world)).id)) is False


async def test_what_it_quotes_is_asked(world: World) -> None:
    quoted = await _writes(world, quoting=QuotePolicy.PUBLIC)
    assert await _is_quiet(world, await _writes(world, quote_of_id=quoted.id)) is False


async def test_whoever_has_it_hears_of_a_change(world: World) -> None:
    post = await _writes(world)
    await world.ada.edits(post, "Hello again")
    assert await _is_quiet(world, post) is False


@pytest.mark.parametrize("said", ["in a group", "to one", "boosted"])
async def test_groups_messages_and_boosts_have_their_own_ways(world: World, said: str) -> None:
    ways: dict[str, Callable[[], Awaitable[Post]]] = {
        "in a group": lambda: world.ada.writes("Hello", group=world.alpine),
        "to one": lambda: world.ada.tells(world.grace),
        "boosted": lambda: _boosts(world),
    }
    await _writes(world)
    assert await _is_quiet(world, await ways[said]()) is False


async def _boosts(world: World) -> Post:
    return await world.ada.boosts(await _writes(world))
