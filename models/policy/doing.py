"""What colleagues may do, and what people elsewhere may do in groups of ours."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.errors import NotAllowed
from models.policy.companies import agreed_level, is_admitted
from models.policy.groups import (
    decides_for,
    groups_kept_by,
    is_banned,
    is_member,
    moderated_groups,
    moderates,
    readable_groups,
)
from models.tables import Access, Actor, Group, Level, Membership, MemberState, Post, Reach
from models.viewers import Staff

_LEVELS = {Level.READ: 0, Level.COMMENT: 1, Level.POST: 2}


async def may_post(session: AsyncSession, staff: Staff, group: Group) -> bool:
    """Members post; nobody else does, and nobody into an archived group."""
    return group.archived_at is None and await is_member(session, staff.actor_id, group.id)


async def may_join(session: AsyncSession, staff: Staff, group: Group) -> bool:
    """Everybody joins an open group, a closed one of ours takes its guests; groups elsewhere decide themselves."""
    if await is_banned(session, staff.actor_id, group.id):
        return False
    found = select(Membership.state).where(Membership.group_id == group.id, Membership.actor_id == staff.actor_id)
    return may_join_as(await session.scalar(found), group)


def may_join_as(standing: MemberState | None, group: Group) -> bool:
    """The same where it is known already how somebody stands to `group`."""
    if group.archived_at is not None:
        return False
    return group.access is Access.OPEN or standing is MemberState.INVITED


async def may_invite(session: AsyncSession, staff: Staff, group: Group) -> bool:
    """Members of an open group, the owner of a closed one."""
    if group.access is Access.OPEN:
        return await is_member(session, staff.actor_id, group.id)
    return await may_manage(session, staff, group)


async def may_manage(session: AsyncSession, staff: Staff, group: Group) -> bool:
    """The owner, and admins for groups they can read."""
    if group.owner_id == staff.actor_id:
        return True
    if not staff.is_admin:
        return False
    return await session.scalar(readable_groups(staff).where(Group.id == group.id)) is not None


async def may_moderate(session: AsyncSession, staff: Staff, group: Group) -> bool:
    """Keep a group of ours in order: who manages it, and its moderators."""
    return await session.scalar(moderated_groups(staff).where(Group.id == group.id)) is not None


async def may_answer_in(session: AsyncSession, actor_id: int, post: Post) -> bool:
    """Whether somebody may answer in the thread of `post`: in a locked one only who keeps its group in order."""
    root = await session.get(Post, post.thread_id) if post.thread_id not in (None, post.id) else post
    if (root is None or root.locked_at is None) and post.locked_at is None:
        return True
    return post.group_id is not None and await moderates(session, actor_id, post.group_id)


async def may_raise_reach(session: AsyncSession, staff: Staff, group: Group) -> bool:
    return await may_manage(session, staff, group)


def may_edit(staff: Staff, post: Post) -> bool:
    return post.author_id == staff.actor_id and post.boost_of_id is None and post.deleted_at is None


async def may_delete(session: AsyncSession, staff: Staff, post: Post) -> bool:
    """The author; for a group's post its owner too."""
    if post.author_id == staff.actor_id:
        return True
    if post.group_id is None:
        return False
    group = await session.get(Group, post.group_id)
    return group is not None and group.owner_id == staff.actor_id


async def may_decide(session: AsyncSession, staff: Staff, post: Post) -> bool:
    """Keeps the gate of the post's group, and did not write the post."""
    if post.author_id == staff.actor_id or post.group_id is None:
        return False
    return await session.scalar(select(Group.id).where(Group.id == post.group_id, decides_for(staff))) is not None


async def may_read_reports(session: AsyncSession, staff: Staff) -> bool:
    """Admins, and who keeps a group in order."""
    return staff.is_admin or await session.scalar(groups_kept_by(staff.actor_id).limit(1)) is not None


def may_administer(staff: Staff) -> bool:
    """Partners, people and settings."""
    return staff.is_admin


def must_administer(by: Staff | None) -> None:
    """The same, asked before it happens; None is the command line, which may. Raises NotAllowed."""
    if by is not None and not may_administer(by):
        raise NotAllowed


def may_read_ledger(staff: Staff) -> bool:
    """Those who answer for what leaves."""
    return staff.is_admin or staff.is_gatekeeper


async def may_follow_group(session: AsyncSession, host: str, group: Group) -> bool:
    """Whether people of `host` may join `group`, which is ours."""
    if not await is_admitted(session, host):
        return False
    return group.reach is Reach.PUBLIC or await agreed_level(session, host, group) is not None


async def may_join_group(session: AsyncSession, actor: Actor, group: Group) -> bool:
    """Whether somebody elsewhere may join `group`, which is ours: nobody new one that is archived."""
    if not await may_follow_group(session, actor.host, group):
        return False
    return group.archived_at is None or await is_member(session, actor.id, group.id)


async def may_contribute(session: AsyncSession, actor: Actor, group: Group, *, is_reply: bool) -> bool:
    """Whether somebody elsewhere may post (or comment) in `group`: a member, as far as the agreement with them goes.

    A public group takes replies from everybody it talks with, as any public page does; an archived one takes nothing.
    """
    if (
        group.archived_at is not None
        or not await is_admitted(session, actor.host)
        or await is_banned(session, actor.id, group.id)
    ):
        return False
    level = await agreed_level(session, actor.host, group)
    if group.reach is Reach.PUBLIC:
        if is_reply:
            return level is not Level.READ
        return await is_member(session, actor.id, group.id) and level in (None, Level.POST)
    if level is None or not await is_member(session, actor.id, group.id):
        return False
    return _LEVELS[level] >= _LEVELS[Level.COMMENT if is_reply else Level.POST]
