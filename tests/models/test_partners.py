"""Partners: admitting, agreeing, suspending."""

import pytest
from msgspec import structs
from sqlalchemy import select

from models import partners, policy
from models.errors import NotAllowed, NotFound
from models.instance import Mode
from models.partners import BadHost, GroupIsInternal, OwnHost
from models.tables import (
    Agreement,
    AuditLine,
    Group,
    LedgerLine,
    Level,
    Membership,
    MemberState,
    Outcome,
    Partner,
    PartnerState,
    Reach,
)
from tests.world import EASTWIND, MALLORY, NORTHWIND, World


@pytest.mark.parametrize(
    ("typed", "host"),
    [
        ("zulieferer.example", "zulieferer.example"),
        (" Zulieferer.Example ", "zulieferer.example"),
        ("https://zulieferer.example/", "zulieferer.example"),
        ("http://zulieferer.localhost:8002", "zulieferer.localhost:8002"),
        ("@dimitri@zulieferer.example", "zulieferer.example"),
        ("bücher.example", "xn--bcher-kva.example"),
    ],
)
def test_a_host_is_understood_however_it_is_typed(typed: str, host: str) -> None:
    assert partners.clean_host(typed) == host


@pytest.mark.parametrize("typed", ["", "two words", "-x.example", "a..b", "x" * 64, "host:port", "a/b", "host:123456"])
def test_what_is_no_host_is_refused(typed: str) -> None:
    with pytest.raises(BadHost):
        partners.clean_host(typed)


async def test_nobody_admits_our_own_server(world: World) -> None:
    with pytest.raises(OwnHost):
        async with world.database.writing() as session:
            await partners.admit(session, world.database.instance.host)


@pytest.mark.parametrize("who", ["ada", "grace", "joan"])
async def test_only_an_admin_admits_and_suspends(world: World, who: str) -> None:
    staff = getattr(world, who).staff
    for verb in (partners.admit, partners.suspend):
        with pytest.raises(NotAllowed):
            async with world.database.writing() as session:
                await verb(session, NORTHWIND, by=staff)


async def test_an_internal_group_cannot_be_shared_and_nothing_else_is_either(world: World) -> None:
    await world.alan.founds("inside")
    with pytest.raises(GroupIsInternal):
        async with world.database.writing() as session:
            await partners.admit(session, MALLORY, levels={"alpine": Level.READ, "inside": Level.READ})
    async with world.database.reading() as session:
        assert await session.scalar(select(Partner).where(Partner.host == MALLORY)) is None


async def test_a_group_that_does_not_exist_cannot_be_shared(world: World) -> None:
    with pytest.raises(NotFound):
        async with world.database.writing() as session:
            await partners.admit(session, MALLORY, levels={"nowhere": Level.READ})


async def test_admitting_again_keeps_what_was_agreed(world: World) -> None:
    group = await world.alan.founds("place", reach=Reach.PARTNERS)
    await world.agrees(NORTHWIND, place=Level.READ)
    async with world.database.reading() as session:
        rows = await session.execute(
            select(Agreement.group_id, Agreement.level).join(Partner).where(Partner.host == NORTHWIND)
        )
        assert dict(rows.all()) == {world.alpine.id: Level.POST, group.id: Level.READ}


async def test_a_suspended_company_is_out_of_every_group_and_the_ledger_says_so(world: World) -> None:
    await world.suspends(NORTHWIND)
    async with world.database.reading() as session:
        members = select(Membership).where(Membership.host == NORTHWIND, Membership.state == MemberState.MEMBER)
        assert (await session.scalars(members)).all() == []
        assert await policy.is_admitted(session, NORTHWIND) is False
        line = (await session.scalars(select(LedgerLine).order_by(LedgerLine.id.desc()))).first()
    assert line is not None
    assert (line.outcome, line.rule, line.hosts, line.actor) == (
        Outcome.STOPPED,
        "partner_suspended",
        [NORTHWIND],
        "alan",
    )


async def test_a_company_that_returns_must_join_again(world: World) -> None:
    post = await world.grace.approves(await world.ada.writes("News", group=world.alpine))
    await world.suspends(NORTHWIND)
    await world.agrees(NORTHWIND)
    assert await world.northwind.sees_group(world.alpine) is True
    assert await world.northwind.sees(post) is False


async def test_ending_an_agreement_closes_one_group_and_leaves_the_others(world: World) -> None:
    group = await world.alan.founds("place", reach=Reach.PARTNERS)
    await world.agrees(NORTHWIND, place=Level.READ)
    await world.northwind.joins(group, as_=world.nora)
    async with world.database.writing() as session:
        partner = (await session.scalars(partners.listed().where(Partner.host == NORTHWIND))).one()
        await partners.end_agreement(session, partner, await session.get_one(Group, world.alpine.id))
    assert await world.northwind.sees_group(world.alpine) is False
    assert await world.northwind.sees_group(group) is True
    assert await world.northwind.sees(await world.alan.writes("Here", group=group)) is True


async def test_who_changed_a_partner_is_in_the_audit_log(world: World) -> None:
    """R-97: who changed the rules is written down in the same transaction."""
    async with world.database.writing() as session:
        await partners.admit(session, EASTWIND, by=world.alan.staff)
    async with world.database.reading() as session:
        line = (await session.scalars(select(AuditLine).order_by(AuditLine.id.desc()))).first()
        partner = (await session.scalars(select(Partner).where(Partner.host == EASTWIND))).one()
    assert line is not None
    assert (line.action, line.account_id, line.host) == ("partner_admitted", world.alan.staff.account_id, EASTWIND)
    assert partner.state is PartnerState.ADMITTED


async def test_in_open_mode_strangers_are_talked_to_and_the_suspended_are_not(world: World) -> None:
    world.database.instance = structs.replace(world.database.instance, mode=Mode.OPEN)
    async with world.database.reading() as session:
        assert await policy.is_admitted(session, MALLORY) is True
        assert await policy.is_admitted(session, EASTWIND) is False
