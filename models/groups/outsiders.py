"""People of other companies in groups of ours, and ours in groups elsewhere, as the wire tells it."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models import deliveries, journal, policy, upkeep
from models.base import now
from models.errors import NotAllowed
from models.groups.finding import membership
from models.groups.refusals import Banned
from models.tables import (
    Actor,
    Agreement,
    Group,
    Membership,
    MemberState,
    Partner,
    PartnerState,
    Reach,
)


async def receive_join(session: AsyncSession, group: Group, actor: Actor, *, uri: str) -> Membership:
    """Somebody elsewhere asks to join a group of ours (GRP-2).

    Whoever an agreement lets in is in at once, or waits for the owner where the group asks first.

    Raises:
        NotAllowed: the group is not open to that company, or archived. Banned.
    """
    if not await policy.may_join_group(session, actor, group):
        raise NotAllowed(group_id=group.id, host=actor.host)
    if await policy.is_banned(session, actor.id, group.id):  # GRP-12
        raise Banned(group_id=group.id, host=actor.host)
    found = await membership(session, group.id, actor.id)
    if found is None:
        found = Membership(group_id=group.id, actor_id=actor.id, host=actor.host)
        session.add(found)
    found.uri = uri
    is_known = found.state in (MemberState.MEMBER, MemberState.INVITED)
    if group.asks_first and group.reach is Reach.PARTNERS and not is_known:
        if found.state is not MemberState.ASKED:
            found.state, found.since = MemberState.ASKED, now()
        await session.flush()
        journal.record(session, journal.JoinAsked(found.id))
        return found
    found.state = MemberState.MEMBER
    await session.flush()
    journal.record(session, journal.Joined(found.id))
    return found


async def receive_leave(session: AsyncSession, group: Group, actor: Actor) -> bool:
    """Somebody elsewhere left; whether they had been in."""
    found = await membership(session, group.id, actor.id)
    if found is None:
        return False
    await session.delete(found)
    await session.flush()
    return True


async def receive_answer(session: AsyncSession, group: Group, *, member: Actor, accepted: bool) -> bool:
    """A group elsewhere answers the wish of one of ours to join it; False when there was no such wish."""
    found = await membership(session, group.id, member.id)
    if found is None:
        return False
    if accepted and found.state is MemberState.ASKED:
        found.state = MemberState.MEMBER
        found.since = now()
        journal.record(session, journal.Joined(found.id))
        await upkeep.ask_backfill(session, group.id, reason="joined")
    elif not accepted:
        found.state = MemberState.REFUSED
        journal.record(session, journal.Left(group.id, member.id, "", refused=True))
    return True


async def member_at(session: AsyncSession, host: str) -> int | None:
    """One of ours who belongs to a group of `host` that is not public, for questions in a member's name (DISC-16)."""
    return await session.scalar(
        select(Membership.actor_id)
        .join(Group, Group.id == Membership.group_id)
        .join(Actor, Actor.id == Group.id)
        .where(
            Actor.host == host,
            Actor.deleted_at.is_(None),
            Group.reach != Reach.PUBLIC,
            Membership.host == "",
            Membership.state == MemberState.MEMBER,
        )
        .order_by(Membership.id)
        .limit(1)
    )


async def expel(session: AsyncSession, host: str, *, group_id: int | None = None, tells_later: bool = False) -> int:
    """Remove everybody of `host` from one group, or from all of ours (GRP-17); how many they were.

    With `tells_later` their server, which gets nothing now, is told by `tell_expelled` when it may hear of it.
    """
    wanted = (
        select(Membership).join(Actor, Actor.id == Membership.group_id).where(Membership.host == host, Actor.host == "")
    )
    if group_id is not None:
        wanted = wanted.where(Membership.group_id == group_id)
    gone = (await session.scalars(wanted)).all()
    for group in {found.group_id for found in gone} | ({group_id} if group_id is not None else set()):
        await deliveries.cancel_group(session, group, host)
    for found in gone:
        if tells_later and found.state is not MemberState.INVITED:
            found.state = MemberState.REFUSED
            continue
        await session.delete(found)
        journal.record(session, journal.Left(found.group_id, found.actor_id, found.uri or "", refused=True))
    await session.flush()
    return len(gone)


async def stop_without_members(session: AsyncSession, group: Group, host: str) -> None:
    """Send nothing that waits to a company whose last member is out of a group of ours (GRP-17)."""
    found = select(Membership.id).where(
        Membership.group_id == group.id, Membership.host == host, Membership.state == MemberState.MEMBER
    )
    if host and await session.scalar(found.limit(1)) is None:
        await deliveries.cancel_group(session, group.id, host)


async def tell_expelled(session: AsyncSession, host: str) -> None:
    """Let a server that is admitted again know that its people are in none of our groups: they may ask anew."""
    expelled = await session.scalars(
        select(Membership)
        .join(Actor, Actor.id == Membership.group_id)
        .where(Membership.host == host, Membership.state == MemberState.REFUSED, Actor.host == "")
    )
    for found in expelled.all():
        await session.delete(found)
        journal.record(session, journal.Left(found.group_id, found.actor_id, found.uri or "", refused=True))
    await session.flush()


async def partners_of(session: AsyncSession, group: Group) -> Sequence[Partner]:
    """The companies an agreement admits to a group."""
    found = await session.scalars(
        select(Partner)
        .join(Agreement, Agreement.partner_id == Partner.id)
        .where(Agreement.group_id == group.id, Partner.state == PartnerState.ADMITTED)
        .order_by(Partner.name)
    )
    return found.all()
