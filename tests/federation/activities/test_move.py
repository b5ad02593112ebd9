"""Move, and Add and Remove to one's own featured posts (R-18, section 10)."""

import pytest

from models import featured, moves
from models.paging import Page, page_of
from models.tables import Actor, Follow, Post
from tests.federation.activities.conftest import actor_of, follows, known
from tests.federation.neighbours import altered
from tests.time import Clock


async def followed(home) -> list[tuple[str, bool]]:
    async with home.database.reading() as session:
        return [
            ((await session.get_one(Actor, row.followee_id)).uri, row.accepted_at is not None)
            for row in await home.rows(Follow)
        ]


@pytest.fixture
async def moving(home, northwind, nora, other):
    """Nora moves from Northwind to another server; both sides say so."""
    await home.admits(other)
    new = other.person("nora", number=5, alsoKnownAs=[nora.id])
    nora.document["movedTo"] = new.id
    await follows(home, home.alan, nora)
    northwind.serve(nora.document)
    return new


@pytest.mark.parametrize("who", ["old", "new"])
async def test_R_18_who_moves_takes_followers_along(home, nora, moving, who):
    actor = nora if who == "old" else moving
    move = actor.does("Move", nora.id, target=moving.id)
    assert await actor.sends(home, move) == "done: moved, with 1 of ours"
    assert await followed(home) == [(moving.id, False)]  # asked; the old follow is undone
    assert len(await home.entries("FollowEnded")) == 1


async def test_R_18_nobody_moves_twice_in_a_week(home, nora, moving, other, clock: Clock):
    assert await nora.sends(home, nora.does("Move", nora.id, target=moving.id)) == "done: moved, with 1 of ours"
    third = other.person("third", number=6, alsoKnownAs=[moving.id])
    moving.document["movedTo"] = third.id
    other.serve(moving.document)
    onwards = moving.does("Move", moving.id, target=third.id)
    assert await moving.sends(home, onwards) == "ignored: moved a few days ago"
    clock.now += moves.REST
    clock.advance(seconds=1)
    again = moving.does("Move", moving.id, target=third.id)
    assert (await moving.sends(home, again, now=clock.now)).startswith("done: moved")


@pytest.mark.parametrize("missing", ["movedTo", "alsoKnownAs", "onwards", "group"])
async def test_R_18_both_sides_must_say_so(home, northwind, other, nora, moving, missing):
    if missing == "movedTo":
        northwind.serve(altered(nora.document, movedTo=None))
    elif missing == "alsoKnownAs":
        other.serve(altered(moving.document, alsoKnownAs=None))
    elif missing == "onwards":
        other.serve(altered(moving.document, movedTo=f"{other.base_url}/users/further"))
    else:
        other.serve(altered(moving.document, type="Group"))
    outcome = await nora.sends(home, nora.does("Move", nora.id, target=moving.id))
    assert outcome == "refused: R-18: the two do not say that they are one"
    assert await followed(home) == [(nora.id, True)]


async def test_R_18_a_stranger_moves_nobody_and_nobody_of_ours_is_moved(home, northwind, nora, moving):
    stranger = northwind.person("stranger", number=1)
    outcome = await stranger.sends(home, stranger.does("Move", nora.id, target=moving.id))
    assert outcome == "refused: R-18: names not itself"
    alan = (await home.actor(home.alan.id)).uri
    for old, new in ((alan, nora.id), (nora.id, alan)):
        outcome = await nora.sends(home, nora.does("Move", old, target=new))
        assert outcome == "refused: R-18: nobody of ours moves by word from elsewhere"
    assert await followed(home) == [(nora.id, True)]


# What stands on top of a profile


async def on_top(home, peer_actor) -> list[str]:
    async with home.database.reading() as session:
        actor = await actor_of(session, peer_actor)
        return [post.uri for post in await page_of(session, featured.of_actor(home.alan.staff, actor), Post.id, Page())]


async def test_add_and_remove_pin_posts_of_ones_own(home, northwind):
    nora = northwind.person("nora", featured=f"{northwind.base_url}/users/nora/featured")
    await follows(home, home.alan, nora)
    note = nora.note("1")
    target = nora.document["featured"]
    await nora.sends(home, nora.does("Create", note))
    assert await nora.sends(home, nora.does("Add", note["id"], target=target)) == "done: featured"
    assert await nora.sends(home, nora.does("Add", note["id"], target=target)) == "ignored: is so already"
    assert await on_top(home, nora) == [note["id"]]
    assert await nora.sends(home, nora.does("Remove", note["id"], target=target)) == "done: featured no more"
    assert await on_top(home, nora) == []


async def test_R_14_nobody_pins_on_the_profile_of_another_or_what_is_not_theirs(home, northwind):
    nora = northwind.person("nora", featured=f"{northwind.base_url}/users/nora/featured")
    bob = northwind.person("bob", number=1, featured=f"{northwind.base_url}/users/bob/featured")
    await follows(home, home.alan, nora)
    await known(home, bob)
    note = nora.note("1")
    await nora.sends(home, nora.does("Create", note))
    theirs = bob.does("Add", note["id"], target=bob.document["featured"])
    assert (await bob.sends(home, theirs)).startswith("refused: R-14")
    other_list = bob.does("Add", note["id"], target=nora.document["featured"])
    assert (await bob.sends(home, other_list)).startswith("ignored")
    assert await on_top(home, nora) == await on_top(home, bob) == []
