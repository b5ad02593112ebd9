"""Conversations: threads of messages, with whom, how far somebody has read each, and which they threw away."""

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Select, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models import policy
from models.errors import NotFound
from models.posts.reading import loaded
from models.tables import Actor, Conversation, Post, Recipient, Visibility
from models.viewers import Staff


def newest(viewer: Staff) -> Select[Post]:
    """The newest message of each thread of messages; a thread that was thrown away returns with its next message."""
    found = (
        policy.visible_posts(viewer)
        .where(Post.visibility == Visibility.DIRECT, Post.boost_of_id.is_(None))
        .with_only_columns(func.max(Post.id))
        .group_by(Post.thread_id)
        .correlate(None)
    )
    hidden = exists().where(
        Conversation.account_id == viewer.account_id,
        Conversation.thread_id == Post.thread_id,
        Conversation.hidden_id >= Post.id,
    )
    return loaded(policy.visible_posts(viewer)).where(Post.id.in_(found), ~hidden)


class Talk(NamedTuple):
    """A thread of messages, and who takes part in it besides oneself."""

    thread_id: int
    people: list[Actor]
    is_unread: bool


async def told_by(session: AsyncSession, viewer: Staff, post_ids: Iterable[int]) -> dict[int, Talk]:
    """With whom `viewer` is talking in some messages, by message, and whether these are unread."""
    ids = list(post_ids)
    talks: dict[int, Talk] = {}
    wrote = (
        select(Post.id, Post.thread_id, Actor, Conversation)
        .join(Actor, Actor.id == Post.author_id)
        .outerjoin(
            Conversation,
            (Conversation.account_id == viewer.account_id) & (Conversation.thread_id == Post.thread_id),
        )
        .where(Post.id.in_(ids))
    )
    for post_id, thread_id, author, known in await session.execute(wrote):
        is_own = author.id == viewer.actor_id
        talks[post_id] = Talk(
            thread_id or post_id, [] if is_own else [author], is_unread=_is_unread(known, post_id, is_own=is_own)
        )
    named = (
        select(Recipient.post_id, Actor)
        .join(Actor, Actor.id == Recipient.actor_id)
        .where(Recipient.post_id.in_(ids), Actor.id != viewer.actor_id)
        .order_by(Actor.id)
    )
    for post_id, actor in await session.execute(named):
        if actor not in talks[post_id].people:
            talks[post_id].people.append(actor)
    return talks


def _is_unread(known: Conversation | None, post_id: int, *, is_own: bool) -> bool:
    """What one wrote oneself is read, and what came before it."""
    if known is None:
        return not is_own
    return known.unread_id == post_id or (not is_own and known.read_id < post_id)


async def mark_read(session: AsyncSession, thread_id: int, *, by: Staff) -> None:
    """Count a thread as read up to its newest message. Raises NotFound."""
    found, newest_id = await _own(session, thread_id, by)
    found.read_id, found.unread_id = newest_id, None


async def mark_unread(session: AsyncSession, thread_id: int, *, by: Staff) -> None:
    """Set the newest message of a thread back to unread, also one's own. Raises NotFound."""
    found, newest_id = await _own(session, thread_id, by)
    found.unread_id = newest_id


async def hide(session: AsyncSession, thread_id: int, *, by: Staff) -> None:
    """Throw a thread away, for oneself and until somebody writes in it again. Raises NotFound."""
    found, newest_id = await _own(session, thread_id, by)
    found.read_id, found.hidden_id, found.unread_id = newest_id, newest_id, None


async def _own(session: AsyncSession, thread_id: int, by: Staff) -> tuple[Conversation, int]:
    """What is kept of a thread for `by`, made when it is needed first, and its newest message."""
    newest_id = await session.scalar(newest(by).where(Post.thread_id == thread_id).with_only_columns(Post.id))
    if newest_id is None:
        raise NotFound(thread_id=thread_id)
    found = await session.get(Conversation, (by.account_id, thread_id))
    if found is None:
        found = Conversation(account_id=by.account_id, thread_id=thread_id, read_id=0, hidden_id=0)
        session.add(found)
    return found, newest_id


async def unread_by(session: AsyncSession, viewer: Staff, post_id: int) -> int | None:
    """The thread of a message that `viewer` opens, if there is something in it that they have not read."""
    message = select(Post.thread_id).where(Post.id == post_id, Post.visibility == Visibility.DIRECT)
    newest_one = newest(viewer).where(Post.thread_id.in_(message)).with_only_columns(Post.id)
    found = await session.scalar(newest_one)
    if found is None:
        return None
    talk = (await told_by(session, viewer, [found]))[found]
    return talk.thread_id if talk.is_unread else None
