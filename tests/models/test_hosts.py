"""Servers on two lists, and people as admins find them."""

import pytest

from models import hosts, people
from models.errors import NotAllowed
from models.hosts import IsBlocked, WasPartner
from models.paging import Page
from models.people import Filter, Origin, Standing
from models.tables import PartnerState, Role
from tests.world import EASTWIND, MALLORY, World


async def test_what_a_server_was_decides_whether_it_can_be_forgotten(world: World) -> None:
    by = world.alan.staff
    async with world.database.writing() as session:
        stranger = await hosts.block(session, MALLORY, by=by)
        await hosts.unblock(session, stranger.id, by=by)
        assert (await hosts.allow(session, MALLORY, by=by)).state is PartnerState.ADMITTED
        [eastwind] = await session.scalars(hosts.listed(by, PartnerState.SUSPENDED))
        with pytest.raises(WasPartner):
            await hosts.unblock(session, eastwind.id, by=by)
        with pytest.raises(IsBlocked):
            await hosts.allow(session, EASTWIND, by=by)


async def test_only_admins_change_or_read_the_lists(world: World) -> None:
    async with world.database.writing() as session:
        for by in (world.ada.staff, world.grace.staff):
            for refused in (
                hosts.allow(session, MALLORY, by=by),
                hosts.block(session, MALLORY, by=by),
                hosts.unblock(session, 1, by=by),
                hosts.one(session, by, 1, PartnerState.ADMITTED),
                people.one(session, by, world.joan.id),
                people.several(session, by, [world.joan.id]),
                people.listed(session, by, Filter(), Page()),
            ):
                with pytest.raises(NotAllowed):
                    await refused


FOUND = [
    (Filter(), ["nora", "joan", "ada", "grace", "alan"]),
    (Filter(origin=Origin.LOCAL, standing=Standing.ACTIVE), ["joan", "ada", "grace", "alan"]),
    (Filter(standing=Standing.DISABLED), []),
    (Filter(standing=Standing.NEVER), []),
    (Filter(roles=frozenset({Role.ADMIN})), ["alan"]),
    (Filter(username="JO", display_name="OAN", email="@lovelace"), ["joan"]),
    (Filter(username="_"), []),
]


async def test_people_are_found_by_what_is_known_of_them(world: World, subtests: pytest.Subtests) -> None:
    async with world.database.reading() as session:
        for wanted, names in FOUND:
            with subtests.test(str(names)):
                found = await people.listed(session, world.alan.staff, wanted, Page())
                assert sorted(each.actor.username for each in found) == sorted(names)
