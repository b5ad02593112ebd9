"""Groups: founding them, belonging to them, and how far they are open."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Select, case, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from models import actors, audit, deliveries, journal, ledger, policy, upkeep
from models.base import now
from models.errors import Conflict, Invalid, NotAllowed, NotFound
from models.instance import instance_of
from models.tables import (
    Access,
    Account,
    Actor,
    ActorType,
    Agreement,
    Group,
    MemberRole,
    Membership,
    MemberState,
    Outcome,
    Partner,
    PartnerState,
    Reach,
    Role,
)
from models.text.clean import clean_line, clean_text
from models.viewers import Staff, Viewer

PURPOSE_LIMIT = 1000
KEEPERS = (MemberRole.OWNER, MemberRole.MODERATOR)
_RANK = case({MemberRole.OWNER: 0, MemberRole.MODERATOR: 1, MemberRole.GATEKEEPER: 2}, value=Membership.role, else_=3)
_ORDER = {Reach.INTERNAL: 0, Reach.PARTNERS: 1, Reach.PUBLIC: 2}


class NotAMember(NotAllowed):
    """Join the group first: only its members post in it."""

    code = "not_a_member"


class GroupClosed(NotAllowed):
    """This group is closed: ask its owner for an invitation."""

    code = "group_closed"


class ReachNotConfirmed(Conflict):
    """More people would read this group: confirm the new reach in so many words."""

    code = "reach_not_confirmed"


class NoGatekeeper(Invalid):
    """Nobody could approve anything: name a gatekeeper for this group first."""

    code = "no_gatekeeper"


class Banned(NotAllowed):
    """Whoever is banned from a group takes no part in it until the ban is lifted."""

    code = "banned"


class OwnerStays(NotAllowed):
    """The owner cannot leave: hand the group to somebody else first."""

    code = "owner_stays"


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


# Finding


async def by_username(session: AsyncSession, viewer: Viewer, username: str) -> Group:
    """A group of ours, or a mirror by its full handle, that `viewer` may know of. Raises NotFound."""
    group = await session.scalar(
        _loaded(policy.visible_groups(viewer)).where(actors.has_handle(instance_of(session), username))
    )
    if group is None:
        raise NotFound(group=username)
    return group


async def by_id(session: AsyncSession, viewer: Viewer, group_id: int) -> Group:
    group = await session.scalar(_loaded(policy.visible_groups(viewer)).where(Group.id == group_id))
    if group is None:
        raise NotFound(group_id=group_id)
    return group


def _loaded(groups: Select[Group]) -> Select[Group]:
    return groups.options(joinedload(Group.actor), joinedload(Group.owner))


def listed(viewer: Viewer) -> Select[Group]:
    """All groups `viewer` may know of, by name."""
    return _loaded(policy.visible_groups(viewer)).where(Group.archived_at.is_(None)).order_by(Actor.display_name)


def of_member(staff: Staff) -> Select[Group]:
    """The groups `staff` belongs to, by name."""
    own = select(Membership.group_id).where(
        Membership.actor_id == staff.actor_id, Membership.state == MemberState.MEMBER
    )
    return listed(staff).where(Group.id.in_(own))


def shared(staff: Staff, actor_id: int) -> Select[Group]:
    """The groups that `staff` and somebody else both belong to, by name."""
    theirs = select(Membership.group_id).where(Membership.actor_id == actor_id, Membership.state == MemberState.MEMBER)
    return of_member(staff).where(Group.id.in_(theirs))


async def named(session: AsyncSession, viewer: Viewer, group_ids: Iterable[int]) -> dict[int, Group]:
    """Those of some groups that `viewer` may know of, by id."""
    wanted = list(group_ids)
    if not wanted:
        return {}
    found = await session.scalars(_loaded(policy.visible_groups(viewer)).where(Group.id.in_(wanted)))
    return {group.id: group for group in found}


async def standing(session: AsyncSession, staff: Staff, group_ids: Iterable[int]) -> dict[int, MemberState]:
    """How `staff` stands to some groups: member, invited, asked, refused; those missing are strangers to them."""
    rows = await session.execute(
        select(Membership.group_id, Membership.state).where(
            Membership.actor_id == staff.actor_id, Membership.group_id.in_(list(group_ids))
        )
    )
    return {group_id: MemberState(state) for group_id, state in rows}


def members(group: Group) -> Select[Membership]:
    """Who belongs to a group, those with a role first, then by name. Ask `readable_groups` before showing it."""
    return (
        select(Membership)
        .join(Actor, Actor.id == Membership.actor_id)
        .where(Membership.group_id == group.id, Membership.state == MemberState.MEMBER, Actor.deleted_at.is_(None))
        .options(joinedload(Membership.actor))
        .order_by(_RANK, Membership.host, Actor.display_name)
    )


async def keepers(session: AsyncSession, group: Group) -> Sequence[Actor]:
    """Those of ours who keep a group in order: its owner and its moderators."""
    named = select(Membership.actor_id).where(
        Membership.group_id == group.id,
        Membership.state == MemberState.MEMBER,
        Membership.role.in_(KEEPERS),
    )
    found = await session.scalars(
        select(Actor).where(Actor.id.in_(named), Actor.host == "", Actor.deleted_at.is_(None)).order_by(Actor.id)
    )
    return found.all()


async def membership(session: AsyncSession, group_id: int, actor_id: int) -> Membership | None:
    return await session.scalar(
        select(Membership)
        .where(Membership.group_id == group_id, Membership.actor_id == actor_id)
        .options(joinedload(Membership.actor))
    )


# Belonging


async def join(session: AsyncSession, group: Group, *, by: Staff) -> Membership:
    """Become a member; of a group elsewhere: ask to, the answer comes by federation.

    Raises:
        GroupClosed: a closed group that did not invite `by`.
    """
    actor = await session.get_one(Actor, group.id)
    found = await membership(session, group.id, by.actor_id)
    if found is not None and found.state is MemberState.MEMBER:
        return found
    if not actor.is_local:
        return await _ask(session, group, found, by=by)
    if await policy.is_banned(session, by.actor_id, group.id):
        raise Banned(group=actor.username)
    if not await policy.may_join(session, by, group):
        raise GroupClosed(group=actor.username)
    if found is None:
        found = Membership(group_id=group.id, actor_id=by.actor_id)
        session.add(found)
    found.state = MemberState.MEMBER
    found.since = now()
    await session.flush()
    journal.record(session, journal.Joined(found.id))
    return found


async def _ask(session: AsyncSession, group: Group, found: Membership | None, *, by: Staff) -> Membership:
    if found is None:
        found = Membership(group_id=group.id, actor_id=by.actor_id)
        session.add(found)
    found.state = MemberState.ASKED
    found.since = now()
    found.uri = instance_of(session).mint("x")
    await session.flush()
    journal.record(session, journal.JoinAsked(found.id))
    return found


async def leave(session: AsyncSession, group: Group, *, by: Staff) -> None:
    """Stop being a member, or withdraw the wish to become one. Raises OwnerStays."""
    found = await membership(session, group.id, by.actor_id)
    if found is None:
        return
    if found.role is MemberRole.OWNER:
        raise OwnerStays(group_id=group.id)
    await session.delete(found)
    await session.flush()
    journal.record(session, journal.Left(group.id, by.actor_id, found.uri or ""))


async def invite(session: AsyncSession, group: Group, username: str, *, by: Staff) -> Membership:
    """Ask a colleague into a group.

    Raises:
        NotAllowed: `by` may not invite here. NotFound: no such colleague.
    """
    if not await policy.may_invite(session, by, group):
        raise NotAllowed(group_id=group.id)
    guest = await session.scalar(
        select(Actor)
        .join(Account, Account.actor_id == Actor.id)
        .where(actors.has_handle(instance_of(session), username), Account.disabled_at.is_(None))
    )
    if guest is None:
        raise NotFound(username=username, field="username")
    if await policy.is_banned(session, guest.id, group.id):
        raise Banned(username=username, field="username")
    found = await membership(session, group.id, guest.id)
    if found is None:
        found = Membership(group_id=group.id, actor_id=guest.id, state=MemberState.INVITED, invited_by_id=by.actor_id)
        session.add(found)
        await session.flush()
        journal.record(session, journal.Invited(found.id))
    elif found.state is MemberState.ASKED:
        found.state = MemberState.MEMBER
        journal.record(session, journal.Joined(found.id))
    return found


async def remove(session: AsyncSession, group: Group, actor_id: int, *, by: Staff) -> None:
    """Take somebody out of a group. Raises NotAllowed, NotFound, OwnerStays."""
    if not await policy.may_manage(session, by, group):
        raise NotAllowed(group_id=group.id)
    found = await membership(session, group.id, actor_id)
    if found is None:
        raise NotFound(actor_id=actor_id)
    if found.role is MemberRole.OWNER:
        raise OwnerStays(group_id=group.id)
    await session.delete(found)
    await session.flush()
    if found.host and not await _has_member_of(session, group, found.host):  # GRP-17: nothing that waits goes there
        await deliveries.cancel_group(session, group.id, found.host)
    audit.note(session, "member_removed", by=by, group_id=group.id, actor_id=actor_id)
    journal.record(session, journal.Left(group.id, actor_id, found.uri or "", refused=True))


async def _has_member_of(session: AsyncSession, group: Group, host: str) -> bool:
    found = select(Membership.id).where(
        Membership.group_id == group.id, Membership.host == host, Membership.state == MemberState.MEMBER
    )
    return await session.scalar(found.limit(1)) is not None


async def set_role(session: AsyncSession, group: Group, actor_id: int, role: MemberRole, *, by: Staff) -> None:
    """Name or dismiss a gatekeeper or a moderator, or hand the group over.

    People of partners can moderate (GRP-13), and nothing else. Raises NotAllowed, NotFound.
    """
    if not await policy.may_manage(session, by, group):
        raise NotAllowed(group_id=group.id)
    found = await membership(session, group.id, actor_id)
    is_for_all = role in (MemberRole.MEMBER, MemberRole.MODERATOR)
    if found is None or found.state is not MemberState.MEMBER or (found.host and not is_for_all):
        raise NotFound(actor_id=actor_id)
    before = found.role
    if role is MemberRole.OWNER:
        former = await membership(session, group.id, group.owner_id or 0)
        if former is not None:
            former.role = MemberRole.MEMBER
        group.owner_id = actor_id
    elif found.role is MemberRole.OWNER:
        raise OwnerStays(group_id=group.id)
    found.role = role
    audit.note(session, "member_role", by=by, group_id=group.id, actor_id=actor_id, role=str(role))
    kept, keeps = before in KEEPERS, role in KEEPERS
    if kept != keeps:
        told = journal.Moderated("moderator", group.id, by.actor_id, actor_id=actor_id, is_undone=kept)
        journal.record(session, told)


# Settings


async def describe(session: AsyncSession, group: Group, *, by: Staff, name: str, purpose: str, access: Access) -> None:
    """Change name, purpose and who in the house reads along. Raises NotAllowed."""
    if not await policy.may_manage(session, by, group):
        raise NotAllowed(group_id=group.id)
    actor = await session.get_one(Actor, group.id)
    actor.display_name = clean_line(name, limit=actors.NAME_LIMIT) or actor.username
    group.purpose = clean_text(purpose, limit=PURPOSE_LIMIT)
    actors.describe(actor, group.purpose, instance_of(session))
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
    if not await policy.may_manage(session, by, group):
        raise NotAllowed(group_id=group.id)
    if group.vouches != vouches:
        group.vouches = vouches
        audit.note(session, "vouching_set", by=by, group_id=group.id, vouches=vouches)
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
    if _ORDER[reach] > _ORDER[group.reach] and confirmed is not reach:
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
    if _ORDER[reach] < _ORDER[before]:
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


# People elsewhere


async def receive_join(session: AsyncSession, group: Group, actor: Actor, *, uri: str) -> Membership:
    """Somebody elsewhere asks to join a group of ours (GRP-2).

    Whoever an agreement lets in is in at once, or waits for the owner where the group asks first.

    Raises:
        NotAllowed: the group is not open to that company. Banned.
    """
    if await policy.is_banned(session, actor.id, group.id):  # GRP-12
        raise Banned(group_id=group.id, host=actor.host)
    if not await policy.may_follow_group(session, actor.host, group):
        raise NotAllowed(group_id=group.id, host=actor.host)
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
