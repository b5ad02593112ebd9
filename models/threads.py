"""Threads somebody wants to be told nothing more of. Nobody else learns of it, and reading stays as it was."""

from typing import Any

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from models.posts import reading
from models.tables import Post, ThreadMute
from models.viewers import Staff


async def mute(session: AsyncSession, post_id: int, *, by: Staff) -> Post:
    """Hear no more of the thread that a post stands in; a second time changes nothing. Raises NotFound."""
    post, found = await _found(session, post_id, by)
    if found is None:
        session.add(ThreadMute(account_id=by.account_id, thread_id=post.thread_id or post.id))
    return post


async def unmute(session: AsyncSession, post_id: int, *, by: Staff) -> Post:
    """Hear of it again; silent when it was not muted. Raises NotFound."""
    post, found = await _found(session, post_id, by)
    if found is not None:
        await session.delete(found)
    return post


async def _found(session: AsyncSession, post_id: int, by: Staff) -> tuple[Post, ThreadMute | None]:
    post = reading.shown_by(await reading.one(session, by, post_id))
    return post, await session.get(ThreadMute, (by.account_id, post.thread_id or post.id))


def is_muted(account_id: InstrumentedAttribute[int], post_id: Any) -> ColumnElement[bool]:
    """Whether the thread of that post is one that the account wants to hear nothing of."""
    thread = select(func.coalesce(Post.thread_id, Post.id)).where(Post.id == post_id).scalar_subquery()
    return exists().where(ThreadMute.account_id == account_id, ThreadMute.thread_id == thread)
