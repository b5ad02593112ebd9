"""Which groups somebody may know of and read, who belongs to them, and who keeps them in order."""

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, false, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from models.base import now
from models.tables import (
    Access,
    Actor,
    Agreement,
    Ban,
    Group,
    MemberRole,
    Membership,
    MemberState,
    Partner,
    PartnerState,
    Reach,
)
from models.viewers import Anonymous, RemoteViewer, Staff, Viewer


def groups_kept_by(actor_id: int) -> Select[int]:
    return select(Membership.group_id).where(
        Membership.actor_id == actor_id,
        Membership.state == MemberState.MEMBER,
        Membership.role.in_((MemberRole.OWNER, MemberRole.MODERATOR)),
    )


def belongs_to(staff: Staff, group_id: Any) -> ColumnElement[bool]:
    """Whether somebody is a member of a group, as a condition on its id."""
    return exists().where(
        Membership.group_id == group_id,
        Membership.actor_id == staff.actor_id,
        Membership.state == MemberState.MEMBER,
    )


def visible_groups(viewer: Viewer) -> Select[Group]:
    """The groups `viewer` may know of. Colleagues know of closed ones too; reading them is another question."""
    groups = select(Group).join(Actor, Actor.id == Group.id).where(Actor.deleted_at.is_(None))
    match viewer:
        case Staff():
            return groups
        case RemoteViewer():
            shared = Group.id.in_(_groups_listed_for(viewer.host))
            everyone = and_(Group.reach == Reach.PUBLIC, Actor.host == "")
            return groups.where(or_(everyone, shared) if viewer.is_admitted else false())
        case Anonymous():
            return groups.where(Group.reach == Reach.PUBLIC, Actor.host == "")


def readable_groups(viewer: Viewer) -> Select[Group]:
    """The groups whose posts `viewer` may read."""
    if isinstance(viewer, Staff):
        return visible_groups(viewer).where(Group.id.in_(groups_read_by(viewer)))
    if isinstance(viewer, RemoteViewer):
        return visible_groups(viewer).where(
            or_(Group.reach == Reach.PUBLIC, Group.id.in_(groups_shared_with(viewer.host)))
        )
    return visible_groups(viewer)


def groups_read_by(staff: Staff) -> Select[int]:
    own = select(Membership.group_id).where(
        Membership.actor_id == staff.actor_id, Membership.state == MemberState.MEMBER
    )
    # who must judge what leaves a group reads it
    gates = Group.is_gated if staff.is_gatekeeper else false()
    return select(Group.id).where(or_(Group.access == Access.OPEN, Group.id.in_(own), gates))


def groups_of_reach(reach: Reach) -> Select[int]:
    return select(Group.id).where(Group.reach == reach)


def _groups_listed_for(host: str) -> Select[int]:
    """Groups of ours that an agreement names for the company at `host`."""
    return (
        select(Agreement.group_id)
        .join(Partner, Partner.id == Agreement.partner_id)
        .join(Group, Group.id == Agreement.group_id)
        .where(Partner.host == host, Partner.state == PartnerState.ADMITTED, Group.reach != Reach.INTERNAL)
    )


def groups_shared_with(host: str) -> Select[int]:
    """Those of them in which the company has a member already: before that there is nothing to read (SIG-33)."""
    member = exists().where(
        Membership.group_id == Agreement.group_id, Membership.host == host, Membership.state == MemberState.MEMBER
    )
    return _groups_listed_for(host).where(member)


def moderated_groups(staff: Staff) -> Select[int]:
    """The groups of ours that `staff` keeps in order."""
    kept = or_(Group.owner_id == staff.actor_id, Group.id.in_(groups_kept_by(staff.actor_id)))
    if staff.is_admin:
        kept = or_(kept, Group.id.in_(readable_groups(staff).with_only_columns(Group.id)))
    return select(Group.id).join(Actor, Actor.id == Group.id).where(Actor.host == "", kept)


async def moderates(session: AsyncSession, actor_id: int, group_id: int) -> bool:
    """Whether somebody, here or elsewhere, is owner or moderator of a group (GRP-13)."""
    kept = groups_kept_by(actor_id).where(Membership.group_id == group_id)
    return await session.scalar(kept) is not None and not await is_banned(session, actor_id, group_id)


async def is_banned(session: AsyncSession, actor_id: int, group_id: int) -> bool:
    """Whether somebody may not belong to a group now (GRP-12)."""
    found = select(Ban.id).where(
        Ban.group_id == group_id, Ban.actor_id == actor_id, Ban.ends_at.is_(None) | (Ban.ends_at > now())
    )
    return await session.scalar(found) is not None


def decides_for(staff: Staff) -> ColumnElement[bool]:
    """Condition on `Group`: whose gate `staff` keeps: named for the group, or gatekeeper of the company."""
    named = exists().where(
        Membership.group_id == Group.id,
        Membership.actor_id == staff.actor_id,
        Membership.state == MemberState.MEMBER,
        Membership.role == MemberRole.GATEKEEPER,
    )
    return or_(named, true() if staff.is_gatekeeper else false())


async def is_member(session: AsyncSession, actor_id: int, group_id: int) -> bool:
    found = select(Membership.id).where(
        Membership.group_id == group_id, Membership.actor_id == actor_id, Membership.state == MemberState.MEMBER
    )
    return await session.scalar(found) is not None
