"""Whose notifications wait or are not told at all, and letting people in; and the types a company has."""

from datetime import timedelta

import pytest

from models import relations
from models.base import now
from models.tables import Access, Actor
from tests.server.api.conftest import Hand
from tests.server.api.phone import Phone
from tests.world import NORTHWIND, World

POLICY = "/api/v2/notifications/policy"
REQUESTS = "/api/v1/notifications/requests"


async def _types(phone: Phone, query: str = "") -> list[str]:
    return [each["type"] for each in (await phone.get(f"/api/v1/notifications?{query}")).body]


async def test_who_is_not_followed_waits_until_let_in(ada: Phone, world: World) -> None:
    post = await world.ada.writes("Mine")
    chosen = (await ada.patch(POLICY, json={"for_not_following": "filter"})).body
    await world.grace.likes(post)
    await world.grace.writes("Hello @ada")
    await world.joan.likes(post)
    await world.settle()

    assert (chosen["for_not_following"], chosen["for_not_followers"]) == ("filter", "accept")
    assert await _types(ada) == []
    assert await _types(ada, "include_filtered=true") == ["favourite", "mention", "favourite"]
    assert (await ada.get("/api/v1/notifications/unread_count")).body == {"count": 0}
    assert (await ada.get(POLICY)).body["summary"] == {"pending_requests_count": 2, "pending_notifications_count": 3}
    joan, grace = (await ada.get(REQUESTS)).body
    assert (grace["account"]["username"], grace["notifications_count"]) == ("grace", "2")
    assert "Hello" in grace["last_status"]["content"]
    assert await ada.follow_pages(f"{REQUESTS}?limit=1") == [joan["id"], grace["id"]]
    assert (await ada.get(f"{REQUESTS}/{grace['id']}")).body == grace

    await ada.post(f"{REQUESTS}/{grace['id']}/accept")
    await ada.post(f"{REQUESTS}/{joan['id']}/dismiss")
    await world.grace.boosts(post)
    await world.settle()

    assert await _types(ada) == ["reblog", "mention", "favourite"]
    assert (await ada.get(REQUESTS)).body == []
    assert (await ada.get(f"{REQUESTS}/merged")).body == {"merged": True}
    for verb in ("accept", "dismiss"):
        await ada.post(f"{REQUESTS}/{joan['id']}/{verb}", status=404)
        await ada.post(f"{REQUESTS}/{verb}", json={"id": [joan["id"]]})


async def test_requests_are_ones_own_and_can_be_answered_together(ada: Phone, grace: Phone, world: World) -> None:
    await ada.put("/api/v1/notifications/policy", json={"filter_not_followers": True})
    for person in (world.joan, world.alan):
        await person.writes("Hello @ada")
    await world.settle()
    ids = (await ada.get(REQUESTS)).ids

    assert (await ada.get("/api/v1/notifications/policy")).body["filter_not_followers"] is True
    await grace.get(f"{REQUESTS}/{ids[0]}", status=404)
    await grace.post(f"{REQUESTS}/accept", json={"id": ids})
    assert (await ada.get(REQUESTS)).ids == ids
    await ada.post(f"{REQUESTS}/accept", json={"id": ids[:1]})
    assert (await ada.get(REQUESTS)).ids == ids[1:]
    await ada.post(f"{REQUESTS}/accept", data=[("id[][]", each) for each in ids[1:]])  # as Mastodon.py writes it
    assert await _types(ada) == ["mention", "mention"]
    await ada.patch(POLICY, json={"for_not_followers": "loudly"}, status=422)


@pytest.mark.parametrize(
    ("sort", "told"),
    [("for_new_accounts", 1), ("for_private_mentions", 1), ("for_limited_accounts", 2), ("for_not_followers", 0)],
)
async def test_what_is_dropped_is_never_told(ada: Phone, world: World, sort: str, told: int) -> None:
    """Joan has been here for long and wrote for all; Grace came lately and wrote for Ada alone."""
    async with world.database.writing() as session:
        (await session.get_one(Actor, world.joan.id)).created_at = now() - timedelta(days=90)
    await ada.patch(POLICY, json={sort: "drop"})
    await world.joan.writes("Hello @ada")
    await world.grace.tells(world.ada)
    await world.settle()

    assert len(await _types(ada, "include_filtered=true")) == told


async def test_who_is_muted_or_of_an_unwanted_server_is_not_told_of(ada: Phone, world: World) -> None:
    post = await world.ada.writes("Mine")
    await world.grace.likes(post)
    await world.joan.likes(post)
    await world.settle()
    await ada.post(f"/api/v1/accounts/{world.grace.id}/mute")
    await ada.post(f"/api/v1/accounts/{world.joan.id}/mute", json={"notifications": False})
    for person in (world.grace, world.joan):
        await person.boosts(post)
    await world.settle()
    muted = await _types(ada)
    await ada.post(f"/api/v1/accounts/{world.grace.id}/unmute")

    assert muted == ["reblog", "favourite"]
    assert await _types(ada) == ["reblog", "favourite", "favourite"]  # what came while she was muted stays away


async def test_a_gate_is_kept_whoever_is_muted(grace: Phone, world: World) -> None:
    await grace.post(f"/api/v1/accounts/{world.ada.id}/mute")
    await world.ada.writes("The new case", group=world.alpine)
    await world.settle()

    assert "approval_asked" in await world.grace.notifications()


async def test_each_post_of_somebody_is_told_to_who_wants_it(ada: Phone, joan: Phone, world: World) -> None:
    await ada.post(f"/api/v1/accounts/{world.grace.id}/follow", json={"notify": True})
    await joan.post(f"/api/v1/accounts/{world.grace.id}/follow", json={"notify": True, "languages": ["fr"]})
    post = await world.grace.writes("News", language="de")
    await world.grace.replies(await world.joan.writes("Question"), "An answer")
    await world.grace.writes("Hello @ada")
    await world.grace.writes("Between gatekeepers", group=await world.grace.founds("gate", access=Access.CLOSED))
    await world.settle()

    assert await _types(ada) == ["mention", "status"]
    assert (await ada.get("/api/v1/notifications?types[]=status")).body[0]["status"]["id"] == str(post.id)
    in_other_languages = (await joan.get("/api/v1/notifications?types[]=status")).body
    assert str(post.id) not in [each["status"]["id"] for each in in_other_languages]


async def test_losing_followers_by_a_block_and_reports_are_told_with_what_they_are_about(
    ada: Phone, hand: Hand, world: World
) -> None:
    alan = await hand(world.alan)
    async with world.database.writing() as session:
        ada_there = await session.get_one(Actor, world.ada.id)
        nora = await session.get_one(Actor, world.nora.id)
        await relations.follow(session, nora, by=world.ada.staff)
        await relations.receive_answer(session, follower=ada_there, by=nora, accepted=True)
    preview = "/api/v1/domain_blocks/preview?domain="
    assert (await ada.get(preview + NORTHWIND)).body == {"following_count": 1, "followers_count": 0}
    assert (await alan.get(preview + NORTHWIND)).body == {"following_count": 0, "followers_count": 0}
    await ada.get(preview, status=422)
    await ada.post("/api/v1/domain_blocks", json={"domain": NORTHWIND})
    assert (await ada.get(preview + NORTHWIND)).body == {"following_count": 0, "followers_count": 0}
    await ada.post("/api/v1/reports", json={"account_id": str(world.joan.id), "comment": "Rude"})
    await world.settle()

    severed = (await ada.get("/api/v1/notifications?types[]=severed_relationships")).body[0]
    assert (severed["event"]["target_name"], severed["event"]["following_count"]) == (NORTHWIND, 1)
    assert severed["event"]["type"] == "user_domain_block"
    reported = (await alan.get("/api/v1/notifications?types[]=admin.report")).body[0]
    assert (reported["report"]["comment"], reported["report"]["target_account"]["username"]) == ("Rude", "joan")
    assert await _types(ada, "types[]=admin.report") == []
