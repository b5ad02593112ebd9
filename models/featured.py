"""What people elsewhere want on top of their profile."""

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models import timelines
from models.tables import Actor, Featured, Post
from models.viewers import Viewer

MOST = 20


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
