"""What needs nothing fetched is dealt with together: as if each had come alone, and in the order of its server."""

import pytest
from sqlalchemy import func, select

from federation.inbox import light
from models import ledger, relations
from models.tables import Account, Actor, Follow, HostBlock, Like, Received
from tests.federation.activities.conftest import follows, taken_together


@pytest.fixture
def together(monkeypatch):
    """How many activities were dealt with together, each time that any were."""
    return taken_together(monkeypatch, light)


async def ends(home):
    return [f"{row.type}: {row.state}: {row.outcome}" for row in await home.rows(Received)]


async def count(home, table) -> int:
    async with home.database.reading() as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0


async def test_what_several_servers_send_shares_a_transaction_and_each_has_its_own_end(square, nora, mallory, together):
    home, ada = square.home, await square.home.actor(square.ada.id)
    await home.admits(mallory)
    await follows(home, square.ada, nora)
    note = nora.note("1")
    await nora.sends(home, nora.does("Create", note))
    mary = mallory.person("mary", number=1)
    await home.admits(mallory)
    like = mary.does("Like", note["id"])
    for who, activity in (
        (mary, like),
        (nora, nora.does("Like", note["id"])),
        (mary, mary.does("Like", note["id"])),
        (mary, mary.does("Like", "https://nowhere.example/1")),
        (nora, nora.does("Follow", ada.uri)),
    ):
        await who.posts(home, activity)

    await home.works()

    assert together == [5]
    assert (await ends(home))[-5:] == [
        "Like: done: liked",
        "Like: done: liked",
        "Like: ignored: known already",
        "Like: ignored: is about nothing here",
        "Follow: done: asked to follow",
    ]
    assert await count(home, Like) == 2
    assert len(await home.entries("Liked")) == 2


async def test_what_a_rule_refuses_is_dealt_with_alone_and_its_neighbours_go_on(square, nora, mallory, together):
    home, ada = square.home, await square.home.actor(square.ada.id)
    await home.admits(mallory)
    mary, crowd = mallory.person("mary", number=1), nora.peer.group("crowd", number=2)
    for who in (crowd, mary):
        await who.posts(home, who.does("Follow", ada.uri))
    await crowd.posts(home, crowd.does("Like", "https://nowhere.example/1"))

    await home.works()

    assert together[0] == 1  # the group's server has to wait for what it sent first
    assert sorted(await ends(home)) == [
        "Follow: done: asked to follow",
        "Follow: refused: GRP-2: groups follow no people",
        "Like: ignored: is about nothing here",
    ]
    assert await count(home, Follow) == 1
    async with home.database.reading() as session:
        assert await ledger.verify(session) == []


async def test_R_45_what_fails_when_dealt_with_together_is_told_from_its_neighbours(
    square, nora, mallory, together, monkeypatch
):
    home, ada = square.home, await square.home.actor(square.ada.id)
    await home.admits(mallory)
    mary = mallory.person("mary", number=1)
    for who in (nora, mary):
        await who.posts(home, who.does("Follow", ada.uri))
    receive_follows = relations.receive_follows

    async def fails_for_mary(session, asking):
        found = await receive_follows(session, asking)
        if any(one.by.uri == mary.id for one in asking):
            raise ValueError("out of order")
        return found

    monkeypatch.setattr("models.relations.receive_follows", fails_for_mary)
    await home.works()

    assert together == []
    states = {row.actor_uri: row.state for row in await home.rows(Received)}
    assert states == {nora.id: "done", mary.id: "waiting"}
    assert await count(home, Follow) == 1


async def test_R_71_many_want_to_follow_and_each_has_the_answer_it_would_have_alone(square, nora, mallory, together):
    home, ada = square.home, await square.home.actor(square.ada.id)
    await home.admits(mallory)
    mary = mallory.person("mary", number=1)
    async with home.database.writing() as session:
        unheard = (await session.scalars(select(Account).where(Account.actor_id != square.ada.id))).first()
        session.add(HostBlock(account_id=unheard.id, host=mallory.host))
        refuses = (await session.get_one(Actor, unheard.actor_id)).uri
    asked = [
        (nora, ada.uri),
        (mary, ada.uri),
        (nora, f"{ada.uri}0"),
        (mary, refuses),
        (nora, ada.uri),  # once more
    ]
    for who, whom in asked:
        await who.posts(home, who.does("Follow", whom))

    await home.works()

    assert sorted(await ends(home)) == [
        "Follow: done: asked to follow",
        "Follow: done: asked to follow",
        "Follow: done: asked to follow",
        "Follow: ignored: asks for nobody here",
        "Follow: refused: R-71: asks for somebody they may not know of",
    ]
    assert await count(home, Follow) == 2
    assert len(await home.entries("FollowAsked")) == 2
    assert len(await home.entries("FollowAccepted")) == 3


async def test_a_suspension_counts_for_what_waits(square, nora, together):
    home, ada = square.home, await square.home.actor(square.ada.id)
    await nora.posts(home, nora.does("Follow", ada.uri))
    await home.suspends(nora.peer)

    await home.works()

    assert together == []
    assert await count(home, Follow) == 0
