"""Numbers for admins, as both databases count them."""

from datetime import UTC, date, datetime, timedelta

import pytest

from models import figures
from models.errors import NotAllowed
from models.figures import Span
from tests.world import NORTHWIND, World, hire


def today() -> Span:
    return Span(datetime.now(UTC).date(), datetime.now(UTC).date())


def test_as_many_days_lie_before_as_were_asked_for() -> None:
    span = Span(date(2026, 3, 1), date(2026, 3, 10))

    assert span.before == Span(date(2026, 2, 19), date(2026, 2, 28))
    assert len(span.days) == len(span.before.days) == 10
    assert span.before.borders[1] == span.borders[0]


async def test_every_number_is_counted_in_the_day_it_belongs_to(world: World) -> None:
    post = await world.ada.writes("Hello #work", language="en")
    await world.joan.likes(post)
    subjects = {name: "work" if name.startswith("tag_") else NORTHWIND for name in figures.MEASURES}
    span = Span(today().first - timedelta(days=1), today().last)

    async with world.database.reading() as session:
        found = {
            name: await figures.measure(session, world.alan.staff, name, span, subject=subjects.get(name, ""))
            for name in (*figures.MEASURES, "resolved_reports")
        }
        shares = {
            name: await figures.dimension(session, world.alan.staff, name, span, subject="work")
            for name in figures.DIMENSIONS
        }

    assert all(each is not None and sum(each.by_day.values()) == each.total for each in found.values())
    told = {name: each.total for name, each in found.items() if each is not None and each.total}
    assert told == {
        "active_users": 2,
        "new_users": 4,
        "interactions": 1,
        "tag_accounts": 1,
        "tag_uses": 1,
        "tag_servers": 1,
        "instance_accounts": 1,
    }
    assert shares["tag_languages"] == [("en", 1)]
    assert shares["languages"] == [("", 4)]


async def test_of_five_who_came_together_it_is_said_how_many_stayed(world: World) -> None:
    async with world.database.reading() as session:
        assert await figures.retention(session, world.alan.staff, today(), monthly=False) == []
    await hire(world.database, "fifth")

    async with world.database.reading() as session:
        [cohort] = await figures.retention(session, world.alan.staff, today(), monthly=False)

    assert cohort == (today().first, 5, [(today().first, 0)])


async def test_nobody_but_admins_reads_numbers(world: World) -> None:
    async with world.database.reading() as session:
        for refused in (
            figures.measure(session, world.grace.staff, "new_users", today()),
            figures.dimension(session, world.ada.staff, "servers", today()),
            figures.retention(session, world.grace.staff, today(), monthly=False),
        ):
            with pytest.raises(NotAllowed):
                await refused
