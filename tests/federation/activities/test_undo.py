"""Undo: what was done is taken back, for good or until it is done anew under the same id."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from models import tombstones
from models.tables import Ended, Follow, Like, Post, Received, Tombstone
from tests.federation.activities.conftest import follows
from tests.federation.neighbours import altered
from tests.time import Clock

START = datetime.now(UTC).replace(microsecond=0)


def at(seconds: int) -> datetime:
    return START + timedelta(seconds=seconds)


async def standing(home) -> tuple[int, int, int]:
    """How many follows, likes and boosts there are."""
    boosts = [post for post in await home.posts() if post.boost_of_id is not None and post.deleted_at is None]
    return len(await home.rows(Follow)), len(await home.rows(Like)), len(boosts)


async def cases(square, nora):
    """Activities of Nora that can be undone, each with what it ends in."""
    home = square.home
    note = nora.note("1")
    await follows(home, home.alan, nora)
    assert await nora.sends(home, nora.does("Create", note)) == "done: stored"
    return {
        "Follow": (nora.does("Follow", square.ada_actor.uri), "asked to follow"),
        "Like": (nora.does("Like", note["id"]), "liked"),
        "Announce": (nora.does("Announce", note["id"]), "boosted"),
    }


@pytest.mark.parametrize("type", ["Follow", "Like", "Announce"])
async def test_section_21_what_was_undone_is_done_again_under_the_same_id(square, nora, type):
    """One forum and one microblog give what is done again the id it had before."""
    home = square.home
    activity, done = (await cases(square, nora))[type]
    undo = nora.does("Undo", activity)
    before = await standing(home)
    assert await nora.sends(home, activity, now=at(0)) == f"done: {done}"
    after = await standing(home)
    assert after != before
    for round in range(2):  # the Undo has the same id each time, too
        assert (await nora.sends(home, undo, now=at(10 * round + 1))).startswith("done: ")
        assert await standing(home) == before

        assert (await nora.posts(home, activity, now=at(2 * round))).status == 202  # a replay
        assert await home.works() == 0
        assert await standing(home) == before

        assert await nora.sends(home, activity, now=at(10 * round + 2)) == f"done: {done}"
        assert await standing(home) == after


async def test_section_21_who_asks_again_under_the_same_id_is_answered_again(square, nora):
    """One server loses an answer that comes too soon, and asks again with the same Follow."""
    home = square.home
    for target, entries in ((square.ada_actor, "FollowAccepted"), (square.public_actor, "Joined")):
        before = len(await home.entries(entries))
        follow = nora.does("Follow", target.uri)
        for seconds in (0, 30):
            assert (await nora.sends(home, follow, now=at(seconds))).startswith("done: ")
        assert (await nora.posts(home, follow, now=at(0))).status == 202  # a replay is not answered
        assert await home.works() == 0
        assert len(await home.entries(entries)) == before + 2
    assert (await standing(home))[0] == 1


async def test_R_61_neither_does_a_replay_of_the_undo_undo_again(square, nora):
    home = square.home
    follow = nora.does("Follow", square.ada_actor.uri)
    undo = nora.does("Undo", follow)
    for activity, seconds in ((follow, 0), (undo, 1), (follow, 2)):
        await nora.sends(home, activity, now=at(seconds))
    assert (await nora.posts(home, undo, now=at(1))).status == 202
    assert await home.works() == 0
    assert (await standing(home))[0] == 1


async def test_a_follow_that_waits_behind_its_undo_is_done_again(square, nora):
    home = square.home
    follow = nora.does("Follow", square.ada_actor.uri)
    await nora.sends(home, follow, now=at(0))
    await nora.posts(home, nora.does("Undo", follow), now=at(1))
    await nora.posts(home, follow, now=at(2))
    assert await home.works() == 2
    assert (await standing(home))[0] == 1


async def test_R_61_nobody_else_brings_back_what_was_undone(square, nora, other):
    home = square.home
    await home.admits(other)
    courier = other.person("courier", number=3)
    follow = nora.proves(nora.does("Follow", square.ada_actor.uri))
    await nora.sends(home, follow, now=at(0))
    await nora.sends(home, nora.does("Undo", altered(follow, id=None)), now=at(1))
    assert (await courier.posts(home, follow, now=at(5))).status == 202
    assert await home.works() == 0
    assert await standing(home) == (0, 0, 0)


async def test_R_61_an_undone_follow_does_not_come_back_under_the_id_the_undo_left_out(square, nora):
    home = square.home
    follow = nora.does("Follow", square.ada_actor.uri)
    await nora.sends(home, follow, now=at(0))
    await nora.sends(home, nora.does("Undo", altered(follow, id=None)), now=at(1))
    async with home.database.writing() as session:  # as if it had come so long ago that the queue forgot it
        await session.delete(await session.get_one(Received, (await home.rows(Received))[0].id))
    assert await nora.sends(home, follow, now=at(0)) == "ignored: was taken back before it came"
    assert (await standing(home))[0] == 0


@pytest.mark.parametrize("type", ["Follow", "Like", "Announce"])
async def test_an_undo_that_names_an_id_alone_finds_it(square, nora, type):
    home = square.home
    activity, _ = (await cases(square, nora))[type]
    before = await standing(home)
    await nora.sends(home, activity)
    async with home.database.writing() as session:  # its bytes are kept for a month only
        row = (await session.scalars(select(Received).where(Received.uri == activity["id"]))).one()
        row.body = b""
    assert (await nora.sends(home, nora.does("Undo", activity["id"]))).startswith("done: ")
    assert await standing(home) == before


@pytest.mark.parametrize("type", ["Like", "Announce"])
async def test_R_14_nobody_takes_back_what_another_did(square, nora, northwind, type):
    home = square.home
    activity, _ = (await cases(square, nora))[type]
    await nora.sends(home, activity)
    neighbour = northwind.person("neighbour", number=1)
    for inner in (activity, activity["id"]):
        assert (await neighbour.sends(home, neighbour.does("Undo", inner))).startswith("refused: R-14")
    await neighbour.sends(home, neighbour.does("Undo", {"type": type, "object": activity["object"]}))
    _, likes, boosts = await standing(home)
    assert likes + boosts == 1


async def test_taking_back_consent_ends_the_following(home, nora):
    alan = await home.actor(home.alan.id)
    await follows(home, home.alan, nora)
    wish = (await home.rows(Follow))[0].uri
    accept = nora.does("Accept", {"id": wish, "type": "Follow", "actor": alan.uri, "object": nora.id})
    assert await nora.sends(home, nora.does("Undo", accept)) == "done: refused"
    assert await home.rows(Follow) == []


async def test_taking_back_consent_is_for_whoever_gave_it(home, nora, northwind):
    alan = await home.actor(home.alan.id)
    await follows(home, home.alan, nora)
    wish = (await home.rows(Follow))[0].uri
    neighbour = northwind.person("neighbour", number=1)
    accept = neighbour.does("Accept", {"id": wish, "type": "Follow", "actor": alan.uri, "object": nora.id})
    assert (await neighbour.sends(home, neighbour.does("Undo", accept))).startswith("ignored")
    assert len(await home.rows(Follow)) == 1


@pytest.mark.parametrize("type", ["Delete", "Dislike", "Offer"])
async def test_what_has_no_effect_has_none_when_it_is_taken_back(home, nora, type):
    undo = nora.does("Undo", nora.does(type, f"{nora.peer.base_url}/notes/1"))
    assert (await nora.sends(home, undo)).startswith("ignored: taking back")


async def test_section_21_an_undo_of_a_number_is_ignored(home, nora):
    undo = nora.does("Undo", {"type": "Announce", "actor": nora.id, "object": 5}, cc=[2], tag=None, to=None)
    assert await nora.sends(home, undo) == "ignored: undoes nothing here"


async def test_what_ended_early_is_remembered_a_week_what_was_undone_longer_and_what_was_deleted_for_ever(
    world, clock: Clock
):
    async with world.database.writing() as session:
        await tombstones.bury(session, "deleted", host="h")
        await tombstones.expect(session, "deleted", host="h")
        await tombstones.expect(session, "early", host="h")
        await tombstones.undo(session, ["undone", None, "deleted"], host="h", at=clock.now)

    async def left(days: int) -> dict[str, Ended]:
        clock.advance(hours=24 * days)
        async with world.database.writing() as session:
            await tombstones.sweep(session)
            return {stone.uri: stone.ended for stone in await session.scalars(select(Tombstone))}

    assert await left(0) == {"deleted": Ended.DELETED, "early": Ended.EARLY, "undone": Ended.UNDONE}
    assert await left(8) == {"deleted": Ended.DELETED, "undone": Ended.UNDONE}
    assert await left(90) == {"deleted": Ended.DELETED, "undone": Ended.UNDONE}
    assert await left(200) == {"deleted": Ended.DELETED}


async def test_a_boost_that_is_made_again_is_a_new_one(square, nora):
    home = square.home
    boost, _ = (await cases(square, nora))["Announce"]
    for activity, seconds in ((boost, 0), (nora.does("Undo", boost), 1), (boost, 2)):
        await nora.sends(home, activity, now=at(seconds))
    async with home.database.reading() as session:
        rows = (await session.scalars(select(Post).where(Post.boost_of_id.is_not(None)).order_by(Post.id))).all()
    assert [row.deleted_at is None for row in rows] == [False, True]
    assert rows[1].uri == boost["id"]
