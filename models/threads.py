"""Threads somebody wants to be told nothing more of. Nobody else learns of it, and reading stays as it was."""

from collections.abc import Collection

from sqlalchemy import bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.posts import reading
from models.prepared import padded
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


async def muted_among(session: AsyncSession, pairs: Collection[tuple[int, int | None]]) -> set[tuple[int, int]]:
    """Those of `pairs` of an account and a post whose thread the account wants to hear nothing of."""
    if not pairs:
        return set()
    values = {"accounts": padded({account for account, _ in pairs}), "posts": padded({post for _, post in pairs})}
    return {(account, post) for account, post in await session.execute(_MUTED, values)} & set(pairs)


_MUTED = (
    select(ThreadMute.account_id, Post.id)
    .join(Post, func.coalesce(Post.thread_id, Post.id) == ThreadMute.thread_id)
    .where(
        ThreadMute.account_id.in_(bindparam("accounts", expanding=True)),
        Post.id.in_(bindparam("posts", expanding=True)),
    )
)
