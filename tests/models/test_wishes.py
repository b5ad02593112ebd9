"""People elsewhere and groups of ours: asking, waiting, being let in, and being out again."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models import actors, deliveries, groups, moderation, partners, policy, wishes
from models.errors import NotAllowed, NotFound
from models.tables import (
    Actor,
    ActorType,
    Delivery,
    DeliveryState,
    Group,
    JournalEntry,
    Key,
    KeyKind,
    Level,
    Membership,
    MemberState,
    Reach,
)
from models.viewers import Staff
from tests.world import NORTHWIND, SOUTHWIND, World


async def asks_first(world: World) -> None:
    async with world.database.writing() as session:
        await groups.set_asking(
            session, await session.get_one(Group, world.alpine.id), by=world.alan.staff, asks_first=True
        )


async def state(world: World, actor: Actor) -> MemberState | None:
    async with world.database.reading() as session:
        found = await groups.membership(session, world.alpine.id, actor.id)
        return found.state if found is not None else None


async def refused(world: World) -> list[int]:
    """Who was told that they are out."""
    async with world.database.reading() as session:
        rows = await session.scalars(select(JournalEntry).where(JournalEntry.kind == "Left").order_by(JournalEntry.id))
        return [row.facts["actor_id"] for row in rows if row.facts["refused"]]


async def test_GRP_2_where_a_group_asks_first_whoever_comes_waits_and_a_first_one_is_pointed_out(world: World) -> None:
    await asks_first(world)
    sven = await world.southwind.sends("sven")
    nils = await world.northwind.sends("nils")
    await world.southwind.joins(world.alpine, as_=sven)
    await world.northwind.joins(world.alpine, as_=nils)
    await world.settle()

    async with world.database.reading() as session:
        group = await session.get_one(Group, world.alpine.id)
        assert [row.actor_id for row in await session.scalars(wishes.waiting(group))] == [sven.id, nils.id]
        assert await wishes.newcomers(session, group) == {SOUTHWIND}
    assert (await world.alan.notifications())[:2] == ["follow_request", "follow_request"]
    assert not await world.southwind.sees(await out(world))


async def out(world: World):
    """A post of the group that Grace let out."""
    post = await world.ada.writes("Out", group=world.alpine)
    return await world.grace.approves(post)


async def test_GRP_2_whoever_is_let_in_reads_and_whoever_is_refused_does_not(world: World) -> None:
    await asks_first(world)
    sven = await world.southwind.sends("sven")
    post = await out(world)
    await world.southwind.joins(world.alpine, as_=sven)
    with pytest.raises(NotAllowed):
        await answer(world, sven, world.ada, accepted=True)
    await answer(world, sven, world.alan, accepted=True)
    assert await world.southwind.sees(post)

    tora = await world.southwind.sends("tora")
    await world.southwind.joins(world.alpine, as_=tora)
    await answer(world, tora, world.alan, accepted=False)
    assert await state(world, tora) is None
    assert await refused(world) == [tora.id]
    with pytest.raises(NotFound):
        await answer(world, tora, world.alan, accepted=True)


async def answer(world: World, actor: Actor, by, *, accepted: bool) -> None:
    async with world.database.writing() as session:
        group = await session.get_one(Group, world.alpine.id)
        await wishes.answer(session, group, actor.id, by=by.staff, accepted=accepted)


async def test_GRP_2_a_member_who_asks_again_stays_a_member(world: World) -> None:
    await asks_first(world)
    await world.northwind.joins(world.alpine, as_=world.nora)
    assert await state(world, world.nora) is MemberState.MEMBER


async def queued(world: World) -> int:
    """Queue something of the group for Northwind; its number."""
    async with world.database.writing() as session:
        group = await session.get_one(Actor, world.alpine.id)
        kept = await deliveries.enqueue(
            session,
            deliveries.Outgoing(
                uri=f"{group.uri}/x",
                type="Create",
                actor=group,
                body=b"{}",
                digest="",
                inboxes=[(f"http://{NORTHWIND}/inbox", NORTHWIND)],
                rule="agreement",
                group_id=group.id,
            ),
        )
        assert kept is not None
        return kept.id


async def delivery_states(world: World) -> set[DeliveryState]:
    async with world.database.reading() as session:
        return set(await session.scalars(select(Delivery.state)))


async def _removed(session: AsyncSession, group: Group, actor_id: int, by: Staff) -> None:
    await groups.remove(session, group, actor_id, by=by)


async def _banned(session: AsyncSession, group: Group, actor_id: int, by: Staff) -> None:
    await moderation.ban(session, group, actor_id, by=by, reason="spam")


@pytest.mark.parametrize("is_put_out", [_removed, _banned])
async def test_GRP_17_with_the_last_member_of_a_company_what_waits_for_it_is_cancelled(
    world: World, is_put_out: Callable[[AsyncSession, Group, int, Staff], Awaitable[None]]
) -> None:
    """Their server may be back in an hour, and would get what was written before."""
    nils = await world.northwind.sends("nils")
    await world.northwind.joins(world.alpine, as_=nils)
    await queued(world)
    for actor, expected in ((nils, DeliveryState.QUEUED), (world.nora, DeliveryState.CANCELLED)):
        async with world.database.writing() as session:
            await is_put_out(session, await session.get_one(Group, world.alpine.id), actor.id, world.alan.staff)
        assert await delivery_states(world) == {expected}
    assert await refused(world) == [nils.id, world.nora.id]


async def test_B2B_3_a_company_that_is_suspended_loses_members_queue_and_keys_and_hears_of_it_when_it_is_back(
    world: World,
) -> None:
    post = await out(world)
    await queued(world)
    async with world.database.writing() as session:
        session.add(Key(actor_id=world.nora.id, uri=f"{world.nora.uri}#k", kind=KeyKind.RSA, public="p"))
    await world.suspends(NORTHWIND)
    assert not await world.northwind.sees(post)
    assert await delivery_states(world) == {DeliveryState.CANCELLED}
    assert await refused(world) == []
    async with world.database.reading() as session:
        assert (await session.scalars(select(Key).where(Key.actor_id == world.nora.id))).all() == []

    await world.agrees(NORTHWIND)
    assert await refused(world) == [world.nora.id]
    assert await state(world, world.nora) is None
    assert not await world.northwind.sees(post)
    await world.northwind.joins(world.alpine, as_=world.nora)
    assert await world.northwind.sees(post)


async def test_GRP_5_a_group_that_closes_keeps_only_those_whom_an_agreement_names(world: World) -> None:
    fair = await world.alan.founds("fair", reach=Reach.PUBLIC)
    sven = await world.southwind.sends("sven")
    await world.northwind.joins(fair, as_=world.nora)
    await world.southwind.joins(fair, as_=sven)
    async with world.database.writing() as session:
        await partners.admit(session, NORTHWIND, levels={"fair": Level.READ})
    await world.alan.opens(fair, Reach.PARTNERS)

    async with world.database.reading() as session:
        rows = await session.scalars(
            select(Membership.actor_id).where(Membership.group_id == fair.id, Membership.host != "")
        )
        assert rows.all() == [world.nora.id]
    assert await refused(world) == [sven.id]

    await world.alan.opens(fair, Reach.INTERNAL)
    assert await refused(world) == [sven.id, world.nora.id]


async def test_GRP_5_what_was_written_for_partners_does_not_become_public_with_its_group(world: World) -> None:
    post = await out(world)
    await world.alan.opens(world.alpine, Reach.PUBLIC)
    assert not await world.anybody.sees(post)
    assert not await world.mallory.sees(post)


async def test_GRP_10a_a_wish_without_an_answer_can_be_repeated_or_withdrawn(world: World) -> None:
    async with world.database.writing() as session:
        told = actors.RemoteActor(
            uri=f"http://{NORTHWIND}/g/steel",
            type=ActorType.GROUP,
            host=NORTHWIND,
            username="steel",
            url=f"http://{NORTHWIND}/g/steel",
            inbox=f"http://{NORTHWIND}/g/steel/inbox",
            is_locked=True,
        )
        steel = await groups.keep_mirror(session, await actors.keep(session, told))
        first = await groups.join(session, steel, by=world.ada.staff)
        asked, first.since = first.uri, first.since - wishes.ANSWERED_WITHIN - timedelta(days=1)
        again = await groups.join(session, steel, by=world.ada.staff)
        assert (again.uri != asked, again.state) == (True, MemberState.ASKED)
        await groups.leave(session, steel, by=world.ada.staff)
        assert await groups.membership(session, steel.id, world.ada.id) is None
        assert await policy.is_member(session, world.ada.id, steel.id) is False
