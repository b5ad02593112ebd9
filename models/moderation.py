"""Keeping a group in order: removing posts, banning people, pinning, closing threads (GRP-11 to GRP-13).

Owners and moderators do it for groups of ours. For groups elsewhere their own do; what they did comes by federation,
and is kept here for what we show of those groups. What was removed is hidden, not lost: its author keeps it, and it
can be restored.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from models import audit, journal, ledger, policy
from models.base import new_id, now
from models.errors import Invalid, NotAllowed, NotFound
from models.groups import OwnerStays, membership, stop_without_members
from models.instance import instance_of
from models.posts.reading import loaded
from models.tables import (
    Actor,
    Ban,
    Group,
    MemberRole,
    MemberState,
    Pin,
    Post,
)
from models.text.clean import clean_line
from models.viewers import Staff, Viewer

REASON_LIMIT = 500
_PINS = 5
_SHOWN = 20
_AT_ONCE = 500


class ReasonMissing(Invalid):
    """Say in a sentence why: the author is told."""

    code = "removal_reason_missing"


class TooManyPins(Invalid):
    """A group takes five pinned posts at most: take another one down first."""

    code = "too_many_pins"


class EndsInThePast(Invalid):
    """A ban ends on a day to come."""

    code = "ends_in_the_past"


class AlreadyOut(NotAllowed):
    """Nobody bans themselves."""

    code = "bans_self"


# Posts


async def remove_post(session: AsyncSession, post_id: int, *, by: Staff, reason: str) -> Post:
    """Take a post out of its group, here and for its members elsewhere; a second time changes nothing (GRP-11).

    Raises:
        NotFound: `by` may not see it, or it is in no group. NotAllowed: `by` does not keep the group. ReasonMissing.
    """
    post, group = await _moderated(session, post_id, by=by)
    reason = clean_line(reason, limit=REASON_LIMIT)
    if not reason:
        raise ReasonMissing(field="reason")
    if post.removed_at is None:
        await _remove(session, [post], by_id=by.actor_id, by_handle=by.username, reason=reason)
        audit.note(session, "post_removed", by=by, group_id=group.id, post_id=post.id)
    return post


async def restore_post(session: AsyncSession, post_id: int, *, by: Staff) -> Post:
    """Bring a removed post back. Raises NotFound, NotAllowed."""
    post, group = await _moderated(session, post_id, by=by)
    if post.removed_at is not None:
        _restore(session, post, by_id=by.actor_id)
        audit.note(session, "post_restored", by=by, group_id=group.id, post_id=post.id)
    return post


async def receive_removal(
    session: AsyncSession, post: Post, *, by: Actor, reason: str, is_passed_on: bool = False
) -> bool:
    """Somebody elsewhere who keeps the group took a post out of it; False when it was out already."""
    if post.removed_at is not None or post.group_id is None:
        return False
    reason = clean_line(reason, limit=REASON_LIMIT)
    await _remove(session, [post], by_id=by.id, by_handle=by.handle, reason=reason, is_passed_on=is_passed_on)
    return True


async def receive_restoration(session: AsyncSession, post: Post, *, by: Actor, is_passed_on: bool = False) -> bool:
    """They brought it back; False when it was not out."""
    if post.removed_at is None or post.group_id is None:
        return False
    _restore(session, post, by_id=by.id, is_passed_on=is_passed_on)
    return True


async def _remove(
    session: AsyncSession, posts: Sequence[Post], *, by_id: int, by_handle: str, reason: str, is_passed_on: bool = False
) -> None:
    await ledger.append_recalls(session, posts, actor=by_handle, rule="moderation")
    for post in posts:
        post.removed_at = now()
        post.removed_by_id = by_id
        post.removal_reason = reason
        _tell(session, "remove", post, by_id=by_id, is_passed_on=is_passed_on, uri=instance_of(session).mint("x"))
    await session.flush()


def _restore(session: AsyncSession, post: Post, *, by_id: int, is_passed_on: bool = False) -> None:
    post.removed_at = post.removed_by_id = None
    post.removal_reason = ""
    uri = instance_of(session).mint("x")
    _tell(session, "remove", post, by_id=by_id, is_undone=True, is_passed_on=is_passed_on, uri=uri)


def _tell(
    session: AsyncSession,
    act: str,
    post: Post,
    *,
    by_id: int,
    is_undone: bool = False,
    is_passed_on: bool = False,
    uri: str = "",
) -> None:
    assert post.group_id is not None  # noqa: S101 - asked before
    told = journal.Moderated(
        act, post.group_id, by_id, post_id=post.id, is_undone=is_undone, is_passed_on=is_passed_on, uri=uri
    )
    journal.record(session, told)


async def _moderated(session: AsyncSession, post_id: int, *, by: Staff) -> tuple[Post, Group]:
    post = await session.scalar(policy.visible_posts(by).where(Post.id == post_id).with_for_update(of=Post))
    if post is None or post.group_id is None or post.boost_of_id is not None:
        raise NotFound(post_id=post_id)
    group = await session.get_one(Group, post.group_id)
    if not await policy.may_moderate(session, by, group):
        raise NotAllowed(post_id=post_id)
    return post, group


async def removers(session: AsyncSession, posts: Iterable[Post]) -> dict[int, Actor]:
    """Who took those of `posts` out of their groups that are out, by id."""
    wanted = {post.removed_by_id for post in posts if post.removed_by_id is not None}
    if not wanted:
        return {}
    return {actor.id: actor for actor in await session.scalars(select(Actor).where(Actor.id.in_(wanted)))}


async def kept_among(session: AsyncSession, staff: Staff, group_ids: Iterable[int]) -> frozenset[int]:
    """Those of some groups that `staff` keeps in order."""
    wanted = list(group_ids)
    if not wanted:
        return frozenset()
    return frozenset(await session.scalars(policy.moderated_groups(staff).where(Group.id.in_(wanted))))


# Threads


async def locked_among(session: AsyncSession, posts: Iterable[Post]) -> frozenset[int]:
    """The threads of `posts` that are closed; the statement is for those whose beginning is not among them."""
    rows = [post for post in posts if post.group_id is not None]
    locked = {post.thread_id or post.id for post in rows if post.locked_at is not None}
    missing = {post.thread_id or post.id for post in rows} - {post.id for post in rows}
    if missing:
        found = select(Post.id).where(Post.id.in_(missing), Post.locked_at.is_not(None))
        locked.update(await session.scalars(found))
    return frozenset(locked)


async def lock(session: AsyncSession, post_id: int, *, by: Staff, is_locked: bool = True) -> Post:
    """Close the thread that a post began, so that only those who keep the group answer in it, or open it again.

    Raises: NotFound, also for an answer. NotAllowed.
    """
    post, group = await _moderated(session, post_id, by=by)
    if post.reply_to_id is not None:
        raise NotFound(post_id=post_id)
    if (post.locked_at is not None) != is_locked:
        _lock(session, post, by_id=by.actor_id, is_locked=is_locked)
        act = "thread_locked" if is_locked else "thread_unlocked"
        audit.note(session, act, by=by, group_id=group.id, post_id=post.id)
    return post


async def receive_lock(
    session: AsyncSession, post: Post, *, by: Actor, is_locked: bool, is_passed_on: bool = False
) -> bool:
    """Somebody elsewhere who keeps the group closed a thread or opened it; False when that changes nothing."""
    if post.group_id is None or (post.locked_at is not None) == is_locked:
        return False
    _lock(session, post, by_id=by.id, is_locked=is_locked, is_passed_on=is_passed_on)
    return True


def _lock(session: AsyncSession, post: Post, *, by_id: int, is_locked: bool, is_passed_on: bool = False) -> None:
    post.locked_at = now() if is_locked else None
    _tell(session, "lock", post, by_id=by_id, is_undone=not is_locked, is_passed_on=is_passed_on)


# What stands on top


async def pin(session: AsyncSession, post_id: int, *, by: Staff, is_pinned: bool = True) -> Post:
    """Put a post on top of its group, or take it down. Raises NotFound, NotAllowed, TooManyPins."""
    post, group = await _moderated(session, post_id, by=by)
    found = await session.get(Pin, (group.id, post.id))
    if (found is not None) == is_pinned:
        return post
    if is_pinned and len((await session.scalars(select(Pin).where(Pin.group_id == group.id))).all()) >= _PINS:
        raise TooManyPins(field="pin")
    await _pin(session, post, found, by_id=by.actor_id)
    audit.note(session, "post_pinned" if is_pinned else "post_unpinned", by=by, group_id=group.id, post_id=post.id)
    return post


async def receive_pin(
    session: AsyncSession, post: Post, *, by: Actor, is_pinned: bool, is_passed_on: bool = False
) -> bool:
    """Somebody elsewhere who keeps the group put a post on top or took it down; False when that changes nothing."""
    if post.group_id is None:
        return False
    found = await session.get(Pin, (post.group_id, post.id))
    if (found is not None) == is_pinned:
        return False
    await _pin(session, post, found, by_id=by.id, is_passed_on=is_passed_on)
    return True


async def _pin(session: AsyncSession, post: Post, found: Pin | None, *, by_id: int, is_passed_on: bool = False) -> None:
    if found is None:
        session.add(Pin(group_id=post.group_id, post_id=post.id))
    else:
        await session.delete(found)
    await session.flush()
    _tell(session, "pin", post, by_id=by_id, is_undone=found is not None, is_passed_on=is_passed_on)


def pinned(viewer: Viewer, group: Group) -> Select[Post]:
    """What stands on top of a group, the latest first, as far as `viewer` may read it; others may pin any number."""
    return (
        loaded(policy.visible_posts(viewer))
        .join(Pin, Pin.post_id == Post.id)
        .where(Pin.group_id == group.id, Post.removed_at.is_(None))
        .order_by(Pin.since.desc())
        .limit(_SHOWN)
    )


async def is_pinned(session: AsyncSession, post: Post) -> bool:
    return post.group_id is not None and await session.get(Pin, (post.group_id, post.id)) is not None


# People


async def ban(
    session: AsyncSession,
    group: Group,
    actor_id: int,
    *,
    by: Staff,
    reason: str,
    ends_at: datetime | None = None,
    removes_posts: bool = False,
) -> Ban:
    """Take somebody out of a group of ours and keep them out, with their posts if `removes_posts` (GRP-12).

    Raises:
        NotAllowed: `by` does not keep the group. NotFound: nobody of that id. OwnerStays. AlreadyOut. ReasonMissing.
        EndsInThePast.
    """
    if not await policy.may_moderate(session, by, group):
        raise NotAllowed(group_id=group.id)
    actor = await session.get(Actor, actor_id)
    if actor is None or actor.deleted_at is not None:
        raise NotFound(actor_id=actor_id)
    if actor_id == by.actor_id:
        raise AlreadyOut(actor_id=actor_id)
    if actor_id == group.owner_id:
        raise OwnerStays(group_id=group.id)
    reason = clean_line(reason, limit=REASON_LIMIT)
    if not reason:
        raise ReasonMissing(field="reason")
    if ends_at is not None and ends_at <= now():
        raise EndsInThePast(field="until")
    found = await _ban(session, group, actor, by_id=by.actor_id, reason=reason, ends_at=ends_at)
    if removes_posts:
        await _remove_posts(session, group, actor, by_id=by.actor_id, by_handle=by.username, reason=reason)
    audit.note(session, "member_banned", by=by, host=actor.host, group_id=group.id, actor_id=actor.id)
    return found


async def unban(session: AsyncSession, group: Group, actor_id: int, *, by: Staff) -> None:
    """Lift a ban; who was banned may join again. Raises NotAllowed, NotFound."""
    if not await policy.may_moderate(session, by, group):
        raise NotAllowed(group_id=group.id)
    if not await _unban(session, group, actor_id, by_id=by.actor_id):
        raise NotFound(actor_id=actor_id)
    audit.note(session, "member_unbanned", by=by, group_id=group.id, actor_id=actor_id)


async def receive_ban(
    session: AsyncSession,
    group: Group,
    actor: Actor,
    *,
    by: Actor,
    reason: str,
    ends_at: datetime | None,
    removes_posts: bool,
    is_passed_on: bool = False,
) -> bool:
    """Somebody elsewhere who keeps the group banned somebody; False where that cannot be (its owner)."""
    if actor.id in (group.owner_id, by.id) or (ends_at is not None and ends_at <= now()):
        return False
    reason = clean_line(reason, limit=REASON_LIMIT)
    await _ban(session, group, actor, by_id=by.id, reason=reason, ends_at=ends_at, is_passed_on=is_passed_on)
    if removes_posts:
        await _remove_posts(session, group, actor, by_id=by.id, by_handle=by.handle, reason=reason)
    return True


async def receive_unban(
    session: AsyncSession, group: Group, actor: Actor, *, by: Actor, is_passed_on: bool = False
) -> bool:
    return await _unban(session, group, actor.id, by_id=by.id, is_passed_on=is_passed_on)


async def _ban(
    session: AsyncSession,
    group: Group,
    actor: Actor,
    *,
    by_id: int,
    reason: str,
    ends_at: datetime | None,
    is_passed_on: bool = False,
) -> Ban:
    found = await session.scalar(select(Ban).where(Ban.group_id == group.id, Ban.actor_id == actor.id))
    if found is None:
        found = Ban(id=new_id(), group_id=group.id, actor_id=actor.id)
        session.add(found)
    found.by_id = by_id
    found.reason = reason
    found.ends_at = ends_at
    found.since = now()
    found.uri = instance_of(session).mint("x")
    told = journal.Moderated("ban", group.id, by_id, actor_id=actor.id, is_passed_on=is_passed_on, uri=found.uri)
    journal.record(session, told)  # before the end of the membership: the Block goes first (GRP-12)
    member = await membership(session, group.id, actor.id)
    is_ours = await session.scalar(select(Actor.id).where(Actor.id == group.id, Actor.host == "")) is not None
    if member is not None and is_ours:
        await session.delete(member)
        await session.flush()
        await stop_without_members(session, group, member.host)
        journal.record(session, journal.Left(group.id, actor.id, member.uri or "", refused=True))
    elif member is not None:
        member.state = MemberState.REFUSED
        member.role = MemberRole.MEMBER
    await session.flush()
    return found


async def _unban(session: AsyncSession, group: Group, actor_id: int, *, by_id: int, is_passed_on: bool = False) -> bool:
    found = await session.scalar(select(Ban).where(Ban.group_id == group.id, Ban.actor_id == actor_id))
    if found is None:
        return False
    await session.delete(found)
    told = journal.Moderated(
        "ban", group.id, by_id, actor_id=actor_id, is_undone=True, is_passed_on=is_passed_on, uri=found.uri
    )
    journal.record(session, told)
    await session.flush()
    return True


async def _remove_posts(
    session: AsyncSession, group: Group, actor: Actor, *, by_id: int, by_handle: str, reason: str
) -> None:
    posts = await session.scalars(
        select(Post)
        .where(
            Post.group_id == group.id,
            Post.author_id == actor.id,
            Post.boost_of_id.is_(None),
            Post.deleted_at.is_(None),
            Post.removed_at.is_(None),
        )
        .order_by(Post.id)
    )
    found = posts.all()
    for start in range(0, len(found), _AT_ONCE):
        await _remove(session, found[start : start + _AT_ONCE], by_id=by_id, by_handle=by_handle, reason=reason)


async def bans(session: AsyncSession, group: Group) -> Sequence[Ban]:
    """Who is banned from a group now, the latest first, with who did it."""
    found = await session.scalars(
        select(Ban)
        .where(Ban.group_id == group.id, Ban.ends_at.is_(None) | (Ban.ends_at > now()))
        .options(joinedload(Ban.actor).joinedload(Actor.avatar), joinedload(Ban.by))
        .order_by(Ban.since.desc())
    )
    return found.all()


async def receive_moderator(session: AsyncSession, group: Group, actor: Actor, *, keeps: bool) -> bool:
    """A group elsewhere named one of ours a moderator, or dismissed them; False when that changes nothing (GRP-13)."""
    member = await membership(session, group.id, actor.id)
    if member is None or member.state is not MemberState.MEMBER:
        return False
    wanted = MemberRole.MODERATOR if keeps else MemberRole.MEMBER
    if member.role is wanted:
        return False
    member.role = wanted
    await session.flush()
    return True
