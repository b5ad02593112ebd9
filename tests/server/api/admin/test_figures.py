"""The dashboard of admins: numbers that are true, and tell nothing of a single person."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from models import figures, reports
from models.base import now
from models.tables import Actor, Media, SignIn
from tests.server.api.admin.test_reports import reported
from tests.server.api.phone import Phone
from tests.world import NORTHWIND, World, hire

MEASURES, DIMENSIONS, RETENTION = (f"/api/v1/admin/{name}" for name in ("measures", "dimensions", "retention"))


async def totals(alan: Phone, *keys: str, **more: Any) -> dict[str, int]:
    found = (await alan.post(MEASURES, json={"keys": list(keys), **more})).body
    assert all(int(each["data"][-1]["value"]) == int(each["total"]) for each in found)  # it all happened today
    return {each["key"]: int(each["total"]) for each in found}


async def test_a_measure_has_a_number_for_each_day_and_for_as_many_before(alan: Phone, world: World) -> None:
    last = datetime.now(UTC).date()
    asked = {"keys": ["new_users"], "start_at": str(last - timedelta(days=2)), "end_at": f"{last}T23:59:59.000Z"}

    [found] = (await alan.post(MEASURES, json=asked)).body

    days = [last - timedelta(days=2), last - timedelta(days=1), last]
    assert set(found) == {"key", "unit", "total", "previous_total", "data"}
    assert [each["date"] for each in found["data"]] == [f"{day}T00:00:00.000Z" for day in days]
    assert (found["total"], found["previous_total"]) == ("4", "0")
    later = {**asked, "start_at": str(last + timedelta(days=1)), "end_at": str(last + timedelta(days=3))}
    [after] = (await alan.post(MEASURES, json=later)).body
    assert (after["total"], after["previous_total"]) == ("0", "4")


async def test_what_people_do_is_counted_as_far_as_its_reader_may_see_it(alan: Phone, world: World) -> None:
    """R-74: nothing about messages between others, nor about closed groups one is not in."""
    hello = await world.ada.writes("Hello #work")
    await world.joan.replies(hello, "Hello #Work")
    await world.grace.boosts(hello)
    await world.ada.likes(hello)
    await world.joan.likes(hello)
    await world.ada.tells(world.joan, text="Between us #work")
    async with world.database.writing() as session:
        for person in (world.ada, world.nora):
            about = await session.get_one(Actor, person.id)
            await reports.report(session, about, by=world.joan.staff, text="Look")
    done = await reported(world.joan, world.grace)
    await alan.post(f"/api/v1/admin/reports/{done.id}/resolve")

    house = await totals(alan, "active_users", "interactions", "opened_reports", "resolved_reports", "nonsense")
    tag = await totals(
        alan,
        "tag_accounts",
        "tag_uses",
        "tag_servers",
        tag_accounts={"id": "work"},
        tag_uses={"id": "WORK"},
        tag_servers={"id": "#work"},
    )
    there = {name: {"domain": NORTHWIND} for name in figures.MEASURES if name.startswith("instance_")}

    assert house == {"active_users": 3, "interactions": 4, "opened_reports": 3, "resolved_reports": 1}
    assert tag == {"tag_accounts": 2, "tag_uses": 2, "tag_servers": 1}
    assert await totals(alan, *there, **there) == {
        "instance_accounts": 1,
        "instance_statuses": 0,
        "instance_reports": 1,
        "instance_follows": 0,
        "instance_followers": 0,
    }


async def test_each_measure_costs_one_statement_however_long_the_time(alan: Phone, statements: list[str]) -> None:
    await alan.get("/api/v1/admin/accounts?limit=1")
    statements.clear()

    await alan.post(MEASURES, json={"keys": ["active_users", "interactions"], "start_at": "2001-01-01"})

    assert len([text for text in statements if "counted" in text]) == 2
    assert len(statements) <= 4


async def test_shares_are_the_largest_first(alan: Phone, world: World) -> None:
    await world.ada.writes("Eins #work", language="de")
    await world.joan.writes("Zwei #work", language="de")
    await world.joan.writes("Three #work", language="en")
    async with world.database.writing() as session:
        for file, size, url in (("a.png", 5_000_000, None), ("b.png", 1_000_000, "https://x.example/b.png")):
            session.add(Media(actor_id=world.ada.id, media_type="image/png", file=file, size=size, remote_url=url))
    asked = ["languages", "servers", "space_usage", "software_versions", "tag_languages", "tag_servers", "nonsense"]

    sent = {"keys": asked, "tag_languages": {"id": "work"}, "tag_servers": {"id": "work"}}
    found = {each["key"]: each["data"] for each in (await alan.post(DIMENSIONS, json=sent)).body}

    shares = {name: [(each["key"], each["value"]) for each in data] for name, data in found.items()}
    house = world.database.instance.host
    assert shares.pop("software_versions")[0][0] == "kontor"
    assert shares == {
        "languages": [("", "4")],
        "servers": [(house, "3")],
        "space_usage": [("media", "5000000"), ("copies", "1000000")],
        "tag_languages": [("de", "2"), ("en", "1")],
        "tag_servers": [(house, "3")],
    }
    assert found["space_usage"][0]["human_value"] == "5.0 MB"
    [one] = (await alan.post(DIMENSIONS, json={**sent, "keys": ["tag_languages"], "limit": 1})).body
    assert len(one["data"]) == 1


async def test_who_stays_is_said_of_five_and_of_no_fewer(alan: Phone, world: World) -> None:
    async with world.database.writing() as session:
        for person in (world.ada, world.joan):
            session.add(SignIn(account_id=person.staff.account_id, token_hash=person.email.encode(), expires_at=now()))
    assert (await alan.post(RETENTION, json={})).body == []
    await hire(world.database, "fifth")

    [cohort] = (await alan.post(RETENTION, json={"frequency": "month"})).body

    assert (cohort["period"], cohort["frequency"]) == (f"{datetime.now(UTC):%Y-%m}-01T00:00:00.000Z", "month")
    assert cohort["data"] == [{"date": cohort["period"], "rate": 0.6, "value": "3"}]  # Alan too: he asks just now


@pytest.mark.parametrize(
    "sent",
    [
        {"start_at": "yesterday"},
        {"start_at": "0001-01-01"},
        {"end_at": "9999-12-31T23:59:59-14:00"},
        {"start_at": "2026-02-02", "end_at": "2026-02-01"},
        {"frequency": "hour"},
        {"start_at": ["x"]},
    ],
)
async def test_a_time_that_is_none_is_refused(alan: Phone, sent: dict[str, Any]) -> None:
    assert (await alan.post(RETENTION, json=sent, status=422)).body["code"] == "bad_value"
