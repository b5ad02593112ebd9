"""Notifications through the client API."""

from typing import Any

import pytest

from tests.server.api.phone import Phone
from tests.world import World


@pytest.fixture
async def told(ada: Phone, grace: Phone, world: World) -> list[dict[str, Any]]:
    """What Ada was told: a mention, a thank-you, a boost and a follower, newest first."""
    post = await world.ada.writes("Good news")
    await world.grace.writes("Hello @ada")
    await world.grace.likes(post)
    await world.grace.boosts(post)
    await grace.post(f"/api/v1/accounts/{world.ada.id}/follow")
    await world.settle()
    found: list[dict[str, Any]] = (await ada.get("/api/v1/notifications")).body
    return found


async def test_what_happened_is_told_with_its_post(told: list[dict[str, Any]]) -> None:
    assert [notification["type"] for notification in told] == ["follow", "reblog", "favourite", "mention"]
    assert {notification["account"]["username"] for notification in told} == {"grace"}
    contents = [notification.get("status", {}).get("content") for notification in told]
    assert contents[:3] == [None, "<p>Good news</p>", "<p>Good news</p>"]
    assert contents[3].startswith("<p>Hello ")


async def test_types_can_be_chosen_and_left_out(ada: Phone, told: list[dict[str, Any]], world: World) -> None:
    async def types(query: str) -> list[str]:
        return [entry["type"] for entry in (await ada.get(f"/api/v1/notifications?{query}")).body]

    assert await types("types[]=mention&types[]=follow") == ["follow", "mention"]
    assert await types("exclude_types[]=mention&exclude_types[]=follow") == ["reblog", "favourite"]
    assert await types(f"account_id={world.joan.id}") == []
    assert await types("types[]=poll") == []


async def test_they_are_walked_page_by_page(ada: Phone, told: list[dict[str, Any]]) -> None:
    assert await ada.follow_pages("/api/v1/notifications?limit=1") == [entry["id"] for entry in told]


async def test_one_is_dismissed_and_then_all(ada: Phone, told: list[dict[str, Any]]) -> None:
    await ada.post(f"/api/v1/notifications/{told[1]['id']}/dismiss")
    left = (await ada.get("/api/v1/notifications")).ids
    await ada.post("/api/v1/notifications/clear")

    assert left == [told[0]["id"], told[2]["id"], told[3]["id"]]
    assert (await ada.get("/api/v1/notifications")).body == []
    await ada.get(f"/api/v1/notifications/{told[0]['id']}", status=404)


async def test_nobody_reads_or_dismisses_those_of_others(grace: Phone, ada: Phone, told: list[dict[str, Any]]) -> None:
    await grace.get(f"/api/v1/notifications/{told[0]['id']}", status=404)
    await grace.post(f"/api/v1/notifications/{told[0]['id']}/dismiss", status=404)
    for entry in told:
        await grace.get(f"/api/v2/notifications/{entry['group_key']}", status=404)

    assert len((await ada.get("/api/v1/notifications")).body) == 4


async def test_grouped_ones_come_with_accounts_and_posts_once(ada: Phone, told: list[dict[str, Any]]) -> None:
    body = (await ada.get("/api/v2/notifications")).body

    assert [group["group_key"] for group in body["notification_groups"]] == [entry["group_key"] for entry in told]
    assert [account["username"] for account in body["accounts"]] == ["grace"]
    assert len(body["statuses"]) == 2
    assert body["notification_groups"][0].get("status_id") is None
    assert body["notification_groups"][1]["status_id"] == told[1]["status"]["id"]
    people = (await ada.get(f"/api/v2/notifications/{told[0]['group_key']}/accounts")).body
    assert [account["username"] for account in people] == ["grace"]


async def test_what_waits_at_a_gate_is_no_notification_for_clients(ada: Phone, grace: Phone, world: World) -> None:
    post = await world.ada.writes("The new case", group=world.alpine)
    await world.grace.returns(post, "Too early")
    await world.settle()

    assert "approval_asked" in await world.grace.notifications()
    assert "returned" in await world.ada.notifications()
    assert (await grace.get("/api/v1/notifications")).body == []
    assert (await ada.get("/api/v1/notifications")).body == []
    await ada.post("/api/v1/notifications/clear")
    assert "returned" in await world.ada.notifications()


async def test_unread_ones_are_counted(ada: Phone, told: list[dict[str, Any]]) -> None:
    assert (await ada.get("/api/v1/notifications/unread_count")).body == {"count": 4}
    assert (await ada.get("/api/v2/notifications/unread_count?limit=2")).body == {"count": 2}


async def test_R_70_a_notification_goes_with_the_right_to_see_its_post(ada: Phone, hand: Any, world: World) -> None:
    await world.alan.writes("Secret @ada", group=world.alpine)
    await world.settle()
    assert len((await ada.get("/api/v1/notifications")).body) == 1

    await world.ada.leaves(world.alpine)

    assert (await ada.get("/api/v1/notifications")).body == []
