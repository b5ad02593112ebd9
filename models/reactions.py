"""Thanks for posts, and keeping them for later."""

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import BigInteger, Select, bindparam, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from models import journal, policy
from models.base import new_id
from models.errors import NotFound
from models.instance import instance_of
from models.interactions import Interaction
from models.tables import Actor, Bookmark, EmojiReaction, Like, Notification, NotificationType, Post
from models.viewers import Staff


async def _target(session: AsyncSession, post_id: int, by: Staff) -> Post:
    post = await policy.visible_post(session, by, post_id)
    if post is None:
        raise NotFound(post_id=post_id)
    return await session.get_one(Post, post.boost_of_id) if post.boost_of_id is not None else post


async def like(session: AsyncSession, post_id: int, *, by: Staff) -> Post:
    """Say thanks; a second time changes nothing. Raises NotFound, NotPermitted."""
    post = await _target(session, post_id, by)
    if await like_of(session, by.actor_id, post.id) is None:
        await policy.must_permit(session, by, post, Interaction.LIKE)
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
    await _forget_notice(session, actor_id, post_id)
    await session.flush()
    journal.record(session, journal.Unliked(actor_id, post_id, found.uri))
    return True


async def _forget_notice(session: AsyncSession, actor_id: int, post_id: int) -> None:
    await session.execute(
        delete(Notification).where(
            Notification.post_id == post_id,
            Notification.from_id == actor_id,
            Notification.type == NotificationType.FAVOURITE,
        )
    )


async def like_of(session: AsyncSession, actor_id: int, post_id: int) -> Like | None:
    return await session.scalar(select(Like).where(Like.actor_id == actor_id, Like.post_id == post_id))


async def receive_like(session: AsyncSession, *, by: Actor, post: Post, uri: str, via: Actor | None = None) -> bool:
    """Somebody elsewhere likes a post they may see; False when they did already. Raises NotFound.

    `via` is the group elsewhere that passed it on: it answers for who of its members sees what is in it.
    """
    await _must_see(session, via or by, post)
    if await like_of(session, by.id, post.id) is not None:
        return False
    session.add(Like(id=new_id(), actor_id=by.id, post_id=post.id, uri=uri))
    await session.flush()
    journal.record(session, journal.Liked(by.id, post.id, uri))
    return True


async def _must_see(session: AsyncSession, by: Actor, post: Post) -> None:
    """What is ours, or in a group of ours, is for whom the policy says; what is elsewhere its home answers for."""
    ours = select(Actor.id).where(Actor.id == post.group_id, Actor.host == "")
    if not post.is_local and (post.group_id is None or await session.scalar(ours) is None):
        return
    viewer = await policy.remote_viewer(session, by.host, by.id)
    seen = policy.visible_posts(viewer) if post.is_local else policy.nameable_posts(viewer)
    if await session.scalar(seen.where(Post.id == post.id)) is None:
        raise NotFound(post_id=post.id)


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


# Emoji, as FEP-c0e0 has them

MOST_EMOJI = 10


class Reaction(NamedTuple):
    """One sign under a post and how many put it there; `picture_url` is at the server of one who did."""

    emoji: str
    people: int
    picture_url: str | None


async def receive_emoji(
    session: AsyncSession,
    *,
    by: Actor,
    post: Post,
    emoji: str,
    picture_url: str | None,
    uri: str,
    via: Actor | None = None,
) -> bool:
    """Somebody elsewhere puts an emoji under a post they may see; False when it is there, or they put too many.

    Raises NotFound.
    """
    await _must_see(session, via or by, post)
    known = (
        await session.scalars(
            select(EmojiReaction.emoji).where(EmojiReaction.actor_id == by.id, EmojiReaction.post_id == post.id)
        )
    ).all()
    if emoji in known or len(known) >= MOST_EMOJI:
        return False
    session.add(
        EmojiReaction(id=new_id(), actor_id=by.id, post_id=post.id, emoji=emoji, picture_url=picture_url, uri=uri)
    )
    await session.flush()
    journal.record(session, journal.Liked(by.id, post.id, uri))
    return True


async def receive_no_emoji(
    session: AsyncSession, *, by: Actor, uri: str = "", post: Post | None = None, emoji: str = ""
) -> EmojiReaction | None:
    """They take it back, by the id of the activity or by what it was; what ended, None when there was nothing."""
    own = select(EmojiReaction).where(EmojiReaction.actor_id == by.id)
    found = await session.scalar(own.where(EmojiReaction.uri == uri)) if uri else None
    if found is None and post is not None and emoji:
        found = await session.scalar(own.where(EmojiReaction.post_id == post.id, EmojiReaction.emoji == emoji))
    if found is None:
        return None
    await session.delete(found)
    await session.flush()
    left = select(EmojiReaction.id).where(EmojiReaction.actor_id == by.id, EmojiReaction.post_id == found.post_id)
    if await session.scalar(left.limit(1)) is None and await like_of(session, by.id, found.post_id) is None:
        await _forget_notice(session, by.id, found.post_id)
    return found


async def emoji_of(session: AsyncSession, post_ids: Iterable[int]) -> dict[int, list[Reaction]]:
    """The emoji under some posts, by post: what most people put there first."""
    found: dict[int, list[Reaction]] = {}
    for post_id, emoji, count, picture_url in await session.execute(_EMOJI, {"post_ids": list(post_ids)}):
        found.setdefault(post_id, []).append(Reaction(emoji, count, picture_url))
    return found


_EMOJI = (
    select(EmojiReaction.post_id, EmojiReaction.emoji, func.count(), func.min(EmojiReaction.picture_url))
    .where(EmojiReaction.post_id.in_(bindparam("post_ids", expanding=True, type_=BigInteger)))
    .group_by(EmojiReaction.post_id, EmojiReaction.emoji)
    .order_by(func.count().desc(), func.min(EmojiReaction.id))
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
