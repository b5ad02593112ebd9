"""Mutes and blocks of servers through the client API."""

import pytest

from models import timelines
from models.posts import audiences
from tests.server.api.conftest import Hand
from tests.server.api.phone import Phone
from tests.time import Clock
from tests.world import NORTHWIND, World


async def test_who_is_muted_leaves_the_timelines_and_can_still_be_looked_up(
    ada: Phone, grace: Phone, world: World
) -> None:
    theirs = await grace.writes("About #tea")
    await world.joan.boosts(await world.grace.writes("Twice"))
    await ada.post(f"/api/v1/accounts/{world.joan.id}/follow")
    lists = ("home", "public?local=true", "public", "tag/tea")
    before = {path: (await ada.get(f"/api/v1/timelines/{path}")).ids for path in lists}

    stands = (await ada.post(f"/api/v1/accounts/{world.grace.id}/mute", json={"notifications": False})).body

    assert (stands["muting"], stands["muting_notifications"], stands["muting_expires_at"]) == (True, False, None)
    assert all(theirs["id"] in ids for ids in before.values())
    for path in lists:
        assert (await ada.get(f"/api/v1/timelines/{path}")).body == [], path
        assert (await grace.get(f"/api/v1/timelines/{path}")).ids != [], path
    assert theirs["id"] in (await ada.get(f"/api/v1/accounts/{world.grace.id}/statuses")).ids
    await ada.get(f"/api/v1/statuses/{theirs['id']}/context")
    of_grace = (await grace.get(f"/api/v1/accounts/relationships?id[]={world.ada.id}")).body[0]
    assert not any(value is True for value in of_grace.values())  # nobody learns that they are muted
    assert (await grace.get("/api/v1/mutes")).body == []

    assert (await ada.post(f"/api/v1/accounts/{world.grace.id}/unmute")).body["muting"] is False
    assert {path: (await ada.get(f"/api/v1/timelines/{path}")).ids for path in lists} == before


async def test_a_mute_ends_by_itself_and_is_listed_page_by_page(
    ada: Phone, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock.held(monkeypatch)
    await world.grace.writes("Hello")
    await ada.post(f"/api/v1/accounts/{world.joan.id}/mute")
    stands = (await ada.post(f"/api/v1/accounts/{world.grace.id}/mute", data={"duration": "3600"})).body
    listed = (await ada.get("/api/v1/mutes")).body

    assert stands["muting_expires_at"] == listed[0]["mute_expires_at"]
    assert (listed[0]["username"], listed[1]["username"]) == ("grace", "joan")
    assert listed[1]["mute_expires_at"] is None
    assert await ada.follow_pages("/api/v1/mutes?limit=1") == [str(world.grace.id), str(world.joan.id)]
    assert (await ada.get("/api/v1/timelines/home")).body == []

    clock.advance(minutes=61)

    # other words for the same, because an answer may be kept for a second of the real clock
    assert (await ada.get("/api/v1/mutes?limit=9")).ids == [str(world.joan.id)]
    assert len((await ada.get("/api/v1/timelines/home?limit=9")).body) == 1
    gone = (await ada.get(f"/api/v1/accounts/relationships?id[]={world.grace.id}")).body[0]
    assert gone["muting"] is False


async def test_nobody_mutes_themselves_and_a_muted_group_is_quiet_but_there(ada: Phone, world: World) -> None:
    group = await world.joan.founds("club")
    await world.ada.joins(group)
    post = await world.joan.writes("In the club", group=group)
    await ada.post(f"/api/v1/accounts/{group.id}/mute")

    assert (await ada.post(f"/api/v1/accounts/{world.ada.id}/mute", status=422)).body["code"] == "mute_self"
    await ada.post(f"/api/v1/accounts/{world.grace.id}/mute", data={"duration": "soon"}, status=422)
    assert (await ada.get("/api/v1/timelines/home")).body == []
    assert (await ada.get(f"/api/v1/timelines/list/{group.id}")).ids == [str(post.id)]


async def test_a_boost_of_somebody_one_follows_can_stay_out(ada: Phone, world: World) -> None:
    boost = await world.joan.boosts(await world.grace.writes("Good"))
    follow = f"/api/v1/accounts/{world.joan.id}/follow"
    shown = (await ada.post(follow)).body
    with_it = (await ada.get("/api/v1/timelines/home")).ids
    hidden = (await ada.post(follow, json={"reblogs": False})).body
    without = (await ada.get("/api/v1/timelines/home")).ids

    assert (shown["showing_reblogs"], hidden["showing_reblogs"]) == (True, False)
    assert str(boost.id) in with_it
    assert str(boost.id) not in without


async def test_a_whole_server_can_be_unwanted(ada: Phone, hand: Hand, world: World) -> None:
    alan = await hand(world.alan)
    nora = f"/api/v1/accounts/{world.nora.id}"
    await ada.post(f"{nora}/follow")

    await ada.post("/api/v1/domain_blocks", data={"domain": NORTHWIND.upper()})

    assert (await ada.get("/api/v1/domain_blocks")).body == [NORTHWIND]
    assert (await alan.get("/api/v1/domain_blocks")).body == []
    stands = (await ada.get(f"/api/v1/accounts/relationships?id[]={world.nora.id}")).body[0]
    assert (stands["domain_blocking"], stands["following"], stands["requested"]) == (True, False, False)
    refused = await ada.post(f"{nora}/follow", status=403)
    assert refused.body["code"] == "host_unwanted"
    for bad in ({}, {"domain": "no host"}, {"domain": world.database.instance.host}):
        await ada.post("/api/v1/domain_blocks", data=bad, status=422)

    await ada.delete(f"/api/v1/domain_blocks?domain={NORTHWIND}")

    assert (await ada.get("/api/v1/domain_blocks")).body == []


async def test_streams_leave_out_whom_their_reader_does_not_hear(ada: Phone, world: World) -> None:
    post = await world.grace.writes("Live")
    await ada.post(f"/api/v1/accounts/{world.grace.id}/mute")
    listeners = [world.ada.staff, world.joan.staff]
    async with world.database.reading() as session:
        for timeline in (timelines.home, timelines.everything):
            readers = await audiences.readers_among(session, listeners, timeline, [post.id])
            assert readers == {world.joan.staff.account_id: {post.id}}
