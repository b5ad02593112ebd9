"""Posts as whoever carries them out of the house needs them: after the gate let them go, or after they were deleted.

Nothing here decides what may leave: `egress` and the gate did, and recorded a journal entry. What must be asked again,
because the house may have changed since, is asked here.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, bindparam, exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from models import policy
from models.database import Database
from models.facts import Fact
from models.journal import Entry, PostReleased
from models.tables import (
    EVERYBODY,
    Actor,
    Disclosure,
    Follow,
    Post,
    Reach,
    Revision,
)

_SECOND = timedelta(seconds=1)
_FOLLOWER = aliased(Actor)


async def by_id(session: AsyncSession, post_id: int | None) -> Post | None:
    """The post that a journal entry names, in whatever state it is now."""
    return await session.get(Post, post_id) if post_id is not None else None


_UNHEARD = Fact(
    select(Actor.id).where(
        Actor.id.in_(bindparam("ids", expanding=True, type_=BigInteger)),
        exists().where(Disclosure.actor_id == Actor.id, Disclosure.host == EVERYBODY),
        ~select(Follow.id)
        .join(_FOLLOWER, _FOLLOWER.id == Follow.follower_id)
        .where(Follow.followee_id == Actor.id, Follow.accepted_at.is_not(None), _FOLLOWER.host != "")
        .exists(),
    )
)


async def unheard(database: Database, entries: Iterable[Entry]) -> set[Entry]:
    """Those of `entries` whose posts nobody outside gets: the author's name is known already, and nobody follows it."""
    quiet = {entry: entry.author_id for entry in entries if isinstance(entry, PostReleased) and entry.is_quiet}
    authors = await _UNHEARD.among(database, {author for author in quiet.values() if author is not None})
    return {entry for entry, author in quiet.items() if author in authors}


async def newest(session: AsyncSession, post: Post) -> Revision:
    """What a post says now: of others that is what they wrote last, of ours only what was released may leave."""
    return await session.get_one(Revision, (post.id, post.revision))


async def answered(session: AsyncSession, post: Post) -> Post | None:
    """What `post` answers, unless that never left the house: then not even its id may be told."""
    parent = await by_id(session, post.reply_to_id)
    if (
        parent is None
        or parent.removed_at is not None
        or (parent.is_local and (parent.published_revision is None or parent.reach is Reach.INTERNAL))
    ):
        return None
    return parent


async def changed_at(session: AsyncSession, post: Post, revision: Revision) -> datetime | None:
    """When `revision` was made, in whole seconds, later than every one before it; None for the first.

    Others take an edit only when it is newer than what they have (R-62), and the wire knows no parts of a second
    (GEN-7): two edits within one would otherwise be told apart by nobody.
    """
    if revision.number == 1:
        return None
    moments = await session.scalars(
        select(Revision.created_at)
        .where(Revision.post_id == post.id, Revision.number > 1, Revision.number <= revision.number)
        .order_by(Revision.number)
    )
    at = post.created_at.replace(microsecond=0)
    for moment in moments:
        at = max(moment.replace(microsecond=0), at + _SECOND)
    return at


async def boosted(session: AsyncSession, boost: Post) -> Post | None:
    """What `boost` shows, as long as everybody may see it (R-17)."""
    post = await by_id(session, boost.boost_of_id)
    return post if post is not None and await policy.is_for_everybody(session, post.id) else None
