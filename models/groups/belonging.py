"""Belonging to a group: colleagues come, go, are asked in or taken out, and have roles."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models import actors, audit, journal, lists, policy
from models.base import now
from models.errors import NotAllowed, NotFound
from models.groups.finding import KEEPERS, membership
from models.groups.outsiders import stop_without_members
from models.groups.refusals import Banned, GroupClosed, OwnerStays
from models.instance import instance_of
from models.tables import (
    Account,
    Actor,
    Group,
    MemberRole,
    Membership,
    MemberState,
)
from models.viewers import Staff


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
    await lists.forget(session, group.id, of=by.actor_id)
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
    await stop_without_members(session, group, found.host)
    audit.note(session, "member_removed", by=by, group_id=group.id, actor_id=actor_id)
    journal.record(session, journal.Left(group.id, actor_id, found.uri or "", refused=True))


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
