"""Notifications in groups: who did it, how often, and page by page."""

from typing import Any

import pytest

from models import notifications
from tests.server.api.conftest import Hand
from tests.server.api.phone import Phone
from tests.world import World

GROUPED = "/api/v2/notifications"


@pytest.fixture
async def thanked(ada: Phone, hand: Hand, world: World) -> dict[str, str]:
    """Two posts of Ada's: three thanks for one, one for the other, between them a mention; and two followers."""
    first, second = await world.ada.writes("First"), await world.ada.writes("Second")
    await world.grace.likes(first)
    await world.grace.writes("Hello @ada")
    await world.joan.likes(second)
    for person in (world.joan, world.alan):
        await person.likes(first)
        await (await hand(person)).post(f"/api/v1/accounts/{world.ada.id}/follow")
    await world.settle()
    return {"first": str(first.id), "second": str(second.id)}


async def _groups(phone: Phone, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await phone.get(f"{GROUPED}?{query}")).body["notification_groups"]
    return found


async def test_what_many_did_is_one_group(ada: Phone, thanked: dict[str, str], world: World) -> None:
    body = (await ada.get(GROUPED)).body
    follow, thanks, other, mention = body["notification_groups"]

    assert [each["type"] for each in (follow, thanks, other, mention)] == [
        "follow",
        "favourite",
        "favourite",
        "mention",
    ]
    assert [each["notifications_count"] for each in (follow, thanks, other, mention)] == [2, 3, 1, 1]
    assert thanks["sample_account_ids"] == [str(one.id) for one in (world.alan, world.joan, world.grace)]
    assert (thanks["status_id"], other["status_id"]) == (thanked["first"], thanked["second"])
    assert int(thanks["page_min_id"]) < int(other["page_min_id"]) < int(thanks["page_max_id"])
    assert mention["group_key"].startswith("ungrouped-")
    assert {one["username"] for one in body["accounts"]} == {"alan", "joan", "grace"}

    few = (await ada.get(f"{GROUPED}?expand_accounts=partial_avatars")).body
    assert {one["username"] for one in few["accounts"]} == {"alan", "joan", "grace"}  # each is the first of a group
    assert few["partial_accounts"] == []
    thanks_only = (await ada.get(f"{GROUPED}?expand_accounts=partial_avatars&types[]=follow")).body
    assert [one["acct"] for one in thanks_only["partial_accounts"]] == ["joan"]
    await ada.get(f"{GROUPED}?expand_accounts=none", status=422)


async def test_pages_of_groups_bring_each_group_once(ada: Phone, thanked: dict[str, str]) -> None:
    whole = [each["group_key"] for each in await _groups(ada)]
    keys: list[str] = []
    path = f"{GROUPED}?limit=1"
    while path:
        answer = await ada.get(path)
        keys += [each["group_key"] for each in answer.body["notification_groups"]]
        path = answer.links.get("next", "").partition("//")[2].partition("/")[2]
        path = f"/{path}" if path else ""

    assert keys == whole
    assert len(await _groups(ada, "grouped_types[]=follow")) == 6
    newest = (await _groups(ada))[0]["most_recent_notification_id"]
    assert await _groups(ada, f"since_id={newest}") == []


async def test_a_group_is_shown_listed_and_thrown_away_whole(
    ada: Phone, grace: Phone, thanked: dict[str, str], world: World
) -> None:
    thanks = (await _groups(ada))[1]
    one = f"{GROUPED}/{thanks['group_key']}"

    assert (await ada.get(one)).body["notification_groups"] == [thanks]
    assert (await ada.get(f"/api/v2_alpha/notifications/{thanks['group_key']}")).body["notification_groups"] == [thanks]
    assert (await ada.get(f"{one}/accounts")).ids == thanks["sample_account_ids"]
    await grace.get(one, status=404)
    await grace.post(f"{one}/dismiss", status=404)
    assert (await ada.get(f"{GROUPED}/unread_count")).body == {"count": 4}
    assert (await ada.get("/api/v1/notifications/unread_count")).body == {"count": 7}

    await ada.post(f"/api/v1/accounts/{world.alan.id}/mute")
    assert (await ada.get(one)).body["notification_groups"][0]["notifications_count"] == 2
    await ada.post(f"{one}/dismiss")

    assert [each["type"] for each in await _groups(ada)] == ["follow", "favourite", "mention"]
    await ada.get(one, status=404)
    await ada.get(f"{GROUPED}/ungrouped-99999999999999999999", status=404)


async def test_what_was_read_on_the_pages_is_read_for_ones_clients(
    ada: Phone, world: World, thanked: dict[str, str]
) -> None:
    newest = (await ada.get("/api/v1/notifications")).ids[0]

    async with world.database.writing() as session:
        await notifications.mark_all_read(session, by=world.ada.staff)

    assert (await ada.get("/api/v1/notifications/unread_count")).body == {"count": 0}
    assert (await ada.get("/api/v1/markers?timeline[]=notifications")).body["notifications"]["last_read_id"] == newest


async def test_the_marker_of_ones_clients_says_what_was_read(ada: Phone, thanked: dict[str, str]) -> None:
    ids = (await ada.get("/api/v1/notifications")).ids

    await ada.post("/api/v1/markers", json={"notifications": {"last_read_id": ids[2]}})

    assert (await ada.get("/api/v1/notifications/unread_count")).body == {"count": 2}
    await ada.post("/api/v1/markers", json={"notifications": {"last_read_id": ids[0]}})
    assert (await ada.get(f"{GROUPED}/unread_count")).body == {"count": 0}


async def test_the_newest_of_a_group_is_a_number_that_web_clients_read_as_it_is(
    ada: Phone, grace: Phone, joan: Phone, world: World
) -> None:
    await world.alan.writes("Hello @ada, @grace and @joan")  # told in one go
    await world.settle()

    for phone in (ada, grace, joan):
        newest = (await _groups(phone))[0]["most_recent_notification_id"]
        assert int(float(newest)) == newest
        assert str(newest) == (await phone.get("/api/v1/notifications")).ids[0]
