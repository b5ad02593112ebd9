"""Founding a group and changing what it is: its purpose, its gate, and how far it is open."""

from collections.abc import Sequence
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models import actors, audit, deliveries, journal, ledger, policy
from models.base import now
from models.errors import NotAllowed
from models.groups.refusals import NoGatekeeper, ReachNotConfirmed
from models.instance import instance_of
from models.tables import (
    Access,
    Account,
    Actor,
    ActorType,
    Group,
    MemberRole,
    Membership,
    MemberState,
    Outcome,
    Reach,
    Role,
)
from models.text.clean import clean_line, clean_text
from models.viewers import Staff

PURPOSE_LIMIT = 1000


async def create(
    session: AsyncSession,
    *,
    username: str,
    name: str,
    owner: Staff,
    purpose: str = "",
    reach: Reach = Reach.INTERNAL,
    access: Access = Access.OPEN,
    is_gated: bool = False,
) -> Group:
    """Found a group; its owner is its first member.

    Raises:
        BadName, NameTaken: see `actors.create_local`; people and groups share one list of names (DISC-5).
        NoGatekeeper: a gate was asked for and nobody in the company could keep it.
    """
    actor = await actors.create_local(session, type=ActorType.GROUP, username=username, display_name=name)
    actor.is_locked = reach is Reach.PARTNERS
    actors.describe(actor, clean_text(purpose, limit=PURPOSE_LIMIT), instance_of(session))
    await actors.note_emoji(session, actor)
    group = Group(
        id=actor.id,
        purpose=clean_text(purpose, limit=PURPOSE_LIMIT),
        reach=reach,
        access=access,
        owner_id=owner.actor_id,
    )
    group.actor = actor
    session.add(group)
    await session.flush()
    session.add(Membership(group_id=group.id, actor_id=owner.actor_id, role=MemberRole.OWNER))
    if is_gated:
        await set_gate(session, group, by=owner, is_gated=True)
    audit.note(session, "group_founded", by=owner, group=actor.username, reach=str(reach))
    await session.flush()
    return group


async def keep_mirror(session: AsyncSession, actor: Actor, *, vouches: bool | None = None) -> Group:
    """Our row for a group elsewhere: read here by those of ours whom it accepted, and by nobody else.

    `vouches` is what its newest document says of that (TRUST-6); None leaves it as it was.
    """
    group = await session.get(Group, actor.id)
    if group is None:
        group = Group(id=actor.id, reach=Reach.PARTNERS, access=Access.CLOSED)
        session.add(group)
    group.reach = Reach.PARTNERS if actor.is_locked else Reach.PUBLIC
    if vouches is not None:
        group.vouches = vouches
    await session.flush()
    return group


async def describe(session: AsyncSession, group: Group, *, by: Staff, name: str, purpose: str, access: Access) -> None:
    """Change name, purpose and who in the house reads along. Raises NotAllowed."""
    if not await policy.may_manage(session, by, group):
        raise NotAllowed(group_id=group.id)
    actor = await session.get_one(Actor, group.id)
    actor.display_name = clean_line(name, limit=actors.NAME_LIMIT) or actor.username
    group.purpose = clean_text(purpose, limit=PURPOSE_LIMIT)
    actors.describe(actor, group.purpose, instance_of(session))
    await actors.note_emoji(session, actor)
    group.access = access
    actors.touch(session, actor)


async def set_gate(session: AsyncSession, group: Group, *, by: Staff, is_gated: bool) -> None:
    """Put a gate before what leaves the group, or take it away. Raises NotAllowed, NoGatekeeper."""
    if not await policy.may_manage(session, by, group):
        raise NotAllowed(group_id=group.id)
    if is_gated and not await _has_gatekeeper(session, group):
        raise NoGatekeeper(field="gate")
    if group.is_gated != is_gated:
        group.is_gated = is_gated
        audit.note(session, "gate_set", by=by, group_id=group.id, is_gated=is_gated)


async def set_vouching(session: AsyncSession, group: Group, *, by: Staff, vouches: bool) -> None:
    """Let the group answer for what members elsewhere did not sign themselves, or no longer (TRUST-6).

    Its members' servers hear of it. Raises NotAllowed.
    """
    await _switch(session, group, "vouches", vouches, by=by, noted="vouching_set")


async def set_asking(session: AsyncSession, group: Group, *, by: Staff, asks_first: bool) -> None:
    """Let people elsewhere wait for an answer before they are in, or take them in at once. Raises NotAllowed."""
    await _switch(session, group, "asks_first", asks_first, by=by, noted="asking_set")


async def _switch(
    session: AsyncSession, group: Group, name: Literal["vouches", "asks_first"], value: bool, *, by: Staff, noted: str
) -> None:
    """Change what the group's document tells others."""
    if not await policy.may_manage(session, by, group):
        raise NotAllowed(group_id=group.id)
    if getattr(group, name) != value:
        setattr(group, name, value)
        facts: dict[str, Any] = {name: value}
        audit.note(session, noted, by=by, group_id=group.id, **facts)
        actors.touch(session, await session.get_one(Actor, group.id))


async def _has_gatekeeper(session: AsyncSession, group: Group) -> bool:
    of_company = select(Account.id).where(Account.role == Role.GATEKEEPER, Account.disabled_at.is_(None)).limit(1)
    named = select(Membership.id).where(
        Membership.group_id == group.id,
        Membership.role == MemberRole.GATEKEEPER,
        Membership.state == MemberState.MEMBER,
    )
    return await session.scalar(of_company) is not None or await session.scalar(named.limit(1)) is not None


async def archive(session: AsyncSession, group: Group, *, by: Staff) -> None:
    """Close a group for good: it stays readable, nobody writes or joins any more. Raises NotAllowed."""
    if not await policy.may_manage(session, by, group):
        raise NotAllowed(group_id=group.id)
    if group.archived_at is None:
        group.archived_at = now()
        audit.note(session, "group_archived", by=by, group_id=group.id)


async def set_reach(session: AsyncSession, group: Group, reach: Reach, *, by: Staff, confirmed: Reach | None) -> None:
    """Open a group further, or close it. What was written before keeps the reach it had.

    Opening needs the new reach a second time in `confirmed`, so that no form opens a group in passing. Closing removes
    those outside who may not be in it any more (GRP-5): everybody, or those without an agreement.

    Raises:
        NotAllowed: `by` neither owns the group nor administers. ReachNotConfirmed: opened without the second word.
    """
    if not await policy.may_raise_reach(session, by, group):
        raise NotAllowed(group_id=group.id)
    if reach is group.reach:
        return
    if reach.width > group.reach.width and confirmed is not reach:
        raise ReachNotConfirmed(field="reach", reach=str(reach))
    actor = await session.get_one(Actor, group.id)
    before, group.reach = group.reach, reach
    actor.is_locked = reach is Reach.PARTNERS
    audit.note(session, "reach_set", by=by, group=actor.username, before=str(before), after=str(reach))
    await ledger.append(
        session,
        ledger.Fact(
            outcome=Outcome.STOPPED if reach is Reach.INTERNAL else Outcome.SENT,
            what="Reach",
            actor=by.username,
            rule=f"reach_{reach}",
            object_uri=actor.uri,
            group_id=group.id,
        ),
    )
    if reach.width < before.width:
        for outsider in await _outsiders(session, group):
            if reach is Reach.PARTNERS and await policy.agreed_level(session, outsider.host, group) is not None:
                continue
            await deliveries.cancel_group(session, group.id, outsider.host)
            await session.delete(outsider)
            journal.record(session, journal.Left(group.id, outsider.actor_id, outsider.uri or "", refused=True))
    if reach is Reach.INTERNAL:
        await deliveries.cancel_group(session, group.id)
    actors.touch(session, actor)


async def _outsiders(session: AsyncSession, group: Group) -> Sequence[Membership]:
    found = await session.scalars(select(Membership).where(Membership.group_id == group.id, Membership.host != ""))
    return found.all()
