"""Posts for later, as clients hand them in, look at them, move them and take them back."""

from datetime import UTC, datetime, timedelta
from typing import Any

from models import scheduled
from models.database import Database
from models.tables import ScheduledPost
from tests.server.api.conftest import Hand
from tests.server.api.phone import Phone, upload
from tests.time import Clock
from tests.world import World


def then(**after: float) -> str:
    return (datetime.now(UTC) + timedelta(**after)).isoformat()


async def plans(phone: Phone, text: str, **more: Any) -> dict[str, Any]:
    answer = await phone.post("/api/v1/statuses", json={"status": text, "scheduled_at": then(hours=2), **more})
    status: dict[str, Any] = answer.body
    return status


async def test_a_post_for_later_is_answered_with_all_that_was_sent(ada: Phone, grace: Phone) -> None:
    parent = await grace.writes("When do we meet?")
    file = (await ada.post("/api/v2/media", data=upload(description="A map"))).body
    made = await plans(
        ada,
        "On Friday",
        media_ids=[file["id"]],
        in_reply_to_id=parent["id"],
        sensitive=True,
        spoiler_text="dates",
        language="en",
        visibility="private",
        poll={"options": ["ten", "eleven"], "expires_in": 3600, "multiple": True},
    )

    assert made.keys() == {"id", "scheduled_at", "params", "media_attachments", "kontor"}
    assert made["scheduled_at"].endswith("Z")
    assert made["params"] == {
        "text": "On Friday",
        "poll": {"options": ["ten", "eleven"], "expires_in": 3600, "multiple": True, "hide_totals": False},
        "media_ids": [file["id"]],
        "sensitive": True,
        "spoiler_text": "dates",
        "visibility": "private",
        "in_reply_to_id": parent["id"],
        "language": "en",
        "application_id": made["params"]["application_id"],
        "scheduled_at": None,
        "idempotency": None,
        "with_rate_limit": False,
        "quoted_status_id": None,
        "quote_approval_policy": None,
        "allowed_mentions": None,
    }
    assert [(each["id"], each["description"]) for each in made["media_attachments"]] == [(file["id"], "A map")]
    assert (await ada.get(f"/api/v1/scheduled_statuses/{made['id']}")).body == made
    assert (await ada.get("/api/v1/scheduled_statuses")).body == [made]
    assert (await grace.get("/api/v1/scheduled_statuses")).body == []
    for ask in (grace.get, grace.delete):
        await ask(f"/api/v1/scheduled_statuses/{made['id']}", status=404)
    home = (await ada.get("/api/v1/timelines/home")).body
    assert all("On Friday" not in each["content"] for each in home)


BAD: list[dict[str, Any]] = [
    {"scheduled_at": "soon"},
    {"scheduled_at": "99999-01-01"},
    {"scheduled_at": then(minutes=4)},
    {"scheduled_at": then(days=-1)},
    {"scheduled_at": then(days=9000)},
    {"status": ""},
    {"visibility": "secret"},
    {"poll": {"options": ["one"], "expires_in": 3600}},
    {"quote_approval_policy": "perhaps"},
]


async def test_bad_input_is_refused_with_its_field(ada: Phone) -> None:
    for more in BAD:
        answer = await ada.ask("POST", "/api/v1/statuses", json={"status": "x", "scheduled_at": then(hours=1), **more})
        assert answer.status == 422, more
        assert answer.body["error"], more


async def test_another_time_is_chosen_and_a_post_taken_back(ada: Phone, grace: Phone) -> None:
    made = await plans(ada, "Later")
    address = f"/api/v1/scheduled_statuses/{made['id']}"

    moved = (await ada.put(address, json={"scheduled_at": "2029-01-31T12:00:00+01:00"})).body

    assert moved == made | {"scheduled_at": "2029-01-31T11:00:00.000Z"}
    await ada.put(address, json={"scheduled_at": then(minutes=1)}, status=422)
    await ada.put(address, json={}, status=422)
    await grace.put(address, json={"scheduled_at": "2029-01-31T12:00:00Z"}, status=404)
    assert (await ada.delete(address)).body == {}
    await ada.get(address, status=404)
    await ada.delete(address, status=404)


async def test_the_list_pages_by_links_alone(ada: Phone) -> None:
    made = [(await plans(ada, f"Number {number}"))["id"] for number in range(3)]

    assert await ada.follow_pages("/api/v1/scheduled_statuses?limit=2") == made[::-1]


async def test_R_63_a_repeated_request_makes_one_post_for_later(
    ada: Phone, database: Database, clock: Clock, world: World
) -> None:
    body = {"status": "Once", "scheduled_at": (clock.now + timedelta(hours=1)).isoformat()}
    headers = {"Idempotency-Key": "once"}
    first = (await ada.post("/api/v1/statuses", json=body, headers=headers)).body

    again = (await ada.post("/api/v1/statuses", json=body, headers=headers)).body

    assert again == first
    assert first["params"]["idempotency"] == "once"
    assert len((await ada.get("/api/v1/scheduled_statuses")).body) == 1

    clock.advance(hours=1)
    async with database.writing() as session:
        assert await scheduled.strike(session) == 1
    await ada.get(f"/api/v1/scheduled_statuses/{first['id']}", status=404)
    [newest, *_] = (await ada.get("/api/v1/timelines/home")).body
    assert newest["content"] == "<p>Once</p>"
    published = (await ada.post("/api/v1/statuses", json=body, headers=headers)).body
    assert published["id"] == newest["id"]


async def test_what_could_not_be_published_says_why(ada: Phone, database: Database) -> None:
    made = await plans(ada, "Later")
    async with database.writing() as session:
        row = await session.get_one(ScheduledPost, int(made["id"]))
        row.due_at, row.failure = None, "You are not a member of this group."

    [kept] = (await ada.get("/api/v1/scheduled_statuses")).body

    assert kept["kontor"]["failure"] == "You are not a member of this group."
    assert kept["params"]["text"] == "Later"


async def test_R_81_posts_for_later_take_the_scopes_of_posts(hand: Hand, world: World) -> None:
    reader = await hand(world.ada, "read:statuses")
    await reader.get("/api/v1/scheduled_statuses")
    await reader.post("/api/v1/statuses", json={"status": "x", "scheduled_at": then(hours=1)}, status=403)
    writer = await hand(world.ada, "write:statuses")
    await writer.get("/api/v1/scheduled_statuses", status=403)
