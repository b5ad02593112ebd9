"""What people want on top of their profile: ours, and those elsewhere."""

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models import journal, timelines
from models.errors import Invalid
from models.posts import reading
from models.tables import Actor, Featured, Post, Visibility
from models.viewers import Staff, Viewer

MOST = 20
MOST_OF_OURS = 5


class NotToPin(Invalid):
    """On top of a profile stand posts of one's own, and none that are for some people by name."""

    code = "not_to_pin"


class TooManyOnTop(Invalid):
    """Five posts stand on top of your profile already: take one of them down first."""

    code = "too_many_pins"


async def pin(session: AsyncSession, post_id: int, *, by: Staff) -> Post:
    """Put a post on top of one's profile; a second time changes nothing. Raises NotFound, NotToPin, TooManyOnTop."""
    post, found = await _own(session, post_id, by)
    if found is not None:
        return post
    if post.boost_of_id is not None or post.visibility is Visibility.DIRECT:
        raise NotToPin(post_id=post_id)
    own = select(func.count()).select_from(Featured).join(Post, Post.id == Featured.post_id)
    count = await session.scalar(own.where(Featured.actor_id == by.actor_id, Post.deleted_at.is_(None))) or 0
    if count >= MOST_OF_OURS:
        raise TooManyOnTop(post_id=post_id)
    session.add(Featured(actor_id=by.actor_id, post_id=post.id))
    journal.record(session, journal.PostPinned(by.actor_id, post.id))
    return post


async def unpin(session: AsyncSession, post_id: int, *, by: Staff) -> Post:
    """Take it down; silent when it does not stand there. Raises NotFound, NotToPin."""
    post, found = await _own(session, post_id, by)
    if found is not None:
        await session.delete(found)
        journal.record(session, journal.PostPinned(by.actor_id, post.id, is_undone=True))
    return post


async def _own(session: AsyncSession, post_id: int, by: Staff) -> tuple[Post, Featured | None]:
    post = await reading.one(session, by, post_id)
    if post.author_id != by.actor_id:
        raise NotToPin(post_id=post_id)
    return post, await session.get(Featured, (by.actor_id, post.id))


async def receive(session: AsyncSession, *, by: Actor, post: Post, is_added: bool) -> bool:
    """They put a post of theirs on top, or take it down; False when it is so already, is not theirs, or is too much."""
    found = await session.get(Featured, (by.id, post.id))
    if not is_added:
        if found is None:
            return False
        await session.delete(found)
        await session.flush()
        return True
    count = await session.scalar(select(func.count()).where(Featured.actor_id == by.id)) or 0
    if found is not None or post.author_id != by.id or post.boost_of_id is not None or count >= MOST:
        return False
    session.add(Featured(actor_id=by.id, post_id=post.id))
    await session.flush()
    return True


def of_actor(viewer: Viewer, actor: Actor) -> Select[Post]:
    """The posts on top of a profile that `viewer` may see."""
    own = select(Featured.post_id).where(Featured.actor_id == actor.id)
    return timelines.of_actor(viewer, actor).where(Post.author_id == actor.id, Post.id.in_(own))
