"""Looking groups up, and who belongs to them."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Select, case, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from models import actors, policy
from models.errors import NotFound
from models.instance import instance_of
from models.tables import (
    Actor,
    Group,
    MemberRole,
    Membership,
    MemberState,
)
from models.viewers import Staff, Viewer

KEEPERS = (MemberRole.OWNER, MemberRole.MODERATOR)
_RANK = case({MemberRole.OWNER: 0, MemberRole.MODERATOR: 1, MemberRole.GATEKEEPER: 2}, value=Membership.role, else_=3)


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
