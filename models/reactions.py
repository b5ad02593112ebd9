"""Thanks for posts, and keeping them for later."""

from sqlalchemy import Select, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from models import journal, policy
from models.base import new_id
from models.errors import NotFound
from models.instance import instance_of
from models.tables import Actor, Bookmark, Like, Notification, NotificationType, Post
from models.viewers import Staff


async def _target(session: AsyncSession, post_id: int, by: Staff) -> Post:
    post = await session.scalar(policy.visible_posts(by).where(Post.id == post_id))
    if post is None:
        raise NotFound(post_id=post_id)
    return await session.get_one(Post, post.boost_of_id) if post.boost_of_id is not None else post


async def like(session: AsyncSession, post_id: int, *, by: Staff) -> Post:
    """Say thanks; a second time changes nothing. Raises NotFound."""
    post = await _target(session, post_id, by)
    if await like_of(session, by.actor_id, post.id) is None:
        uri = instance_of(session).mint("x")
        session.add(Like(id=new_id(), actor_id=by.actor_id, post_id=post.id, uri=uri))
        await session.flush()
        journal.record(session, journal.Liked(by.actor_id, post.id, uri))
    return post


async def unlike(session: AsyncSession, post_id: int, *, by: Staff) -> Post:
    """Take thanks back; silent when there were none. Raises NotFound."""
    post = await _target(session, post_id, by)
    await _end(session, by.actor_id, post.id)
    return post


async def _end(session: AsyncSession, actor_id: int, post_id: int) -> bool:
    found = await like_of(session, actor_id, post_id)
    if found is None:
        return False
    await session.delete(found)
    await session.execute(
        delete(Notification).where(
            Notification.post_id == post_id,
            Notification.from_id == actor_id,
            Notification.type == NotificationType.FAVOURITE,
        )
    )
    await session.flush()
    journal.record(session, journal.Unliked(actor_id, post_id, found.uri))
    return True


async def like_of(session: AsyncSession, actor_id: int, post_id: int) -> Like | None:
    return await session.scalar(select(Like).where(Like.actor_id == actor_id, Like.post_id == post_id))


async def receive_like(session: AsyncSession, *, by: Actor, post: Post, uri: str) -> bool:
    """Somebody elsewhere likes a post they may see; False when they did already. Raises NotFound."""
    viewer = await policy.remote_viewer(session, by.host, by.id)
    if post.is_local and await session.scalar(policy.visible_posts(viewer).where(Post.id == post.id)) is None:
        raise NotFound(post_id=post.id)
    if await like_of(session, by.id, post.id) is not None:
        return False
    session.add(Like(id=new_id(), actor_id=by.id, post_id=post.id, uri=uri))
    await session.flush()
    journal.record(session, journal.Liked(by.id, post.id, uri))
    return True


async def receive_unlike(session: AsyncSession, *, by: Actor, post: Post) -> bool:
    return await _end(session, by.id, post.id)


def likes_of(post_id: int) -> Select[Like]:
    """Who thanked for a post that the reader may see; page by `Like.id`."""
    return select(Like).where(Like.post_id == post_id).options(joinedload(Like.actor))


async def liked_by_activity(session: AsyncSession, uri: str, *, by: Actor) -> Post | None:
    """The post that `by` liked with the activity of that id."""
    return await session.scalar(
        select(Post).join(Like, Like.post_id == Post.id).where(Like.uri == uri, Like.actor_id == by.id)
    )


async def bookmark(session: AsyncSession, post_id: int, *, by: Staff) -> Post:
    """Keep a post for later. Raises NotFound."""
    post = await _target(session, post_id, by)
    known = select(Bookmark.id).where(Bookmark.account_id == by.account_id, Bookmark.post_id == post.id)
    if await session.scalar(known) is None:
        session.add(Bookmark(account_id=by.account_id, post_id=post.id))
        await session.flush()
    return post


async def unbookmark(session: AsyncSession, post_id: int, *, by: Staff) -> Post:
    post = await _target(session, post_id, by)
    await session.execute(delete(Bookmark).where(Bookmark.account_id == by.account_id, Bookmark.post_id == post.id))
    return post
