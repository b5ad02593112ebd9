"""How many: what profiles and the page about the instance say in numbers. Nothing is counted that the viewer may not
see (R-74)."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from sqlalchemy import BigInteger, DateTime, bindparam, func, literal, null, select, type_coerce, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from models import policy
from models.base import UtcDateTime, now
from models.database import Database
from models.direct import Direct
from models.prepared import prepare
from models.tables import (
    Account,
    Follow,
    Group,
    Membership,
    MemberState,
    Partner,
    PartnerState,
    Post,
    Visibility,
)
from models.viewers import Anonymous, Staff, Viewer

COLLEAGUE = Staff(account_id=0, actor_id=0, username="")
"""A colleague who belongs to nothing: what they see is what everybody in the house sees."""
_FRESH = timedelta(minutes=5)


class Tally(Struct):
    """The numbers of one profile; of a group its members and the posts in it."""

    followers: int = 0
    following: int = 0
    posts: int = 0
    last_post_at: datetime | None = None


async def of_actors(session: AsyncSession, viewer: Viewer, actor_ids: Iterable[int]) -> dict[int, Tally]:
    """The numbers of people and groups, by actor; in one statement. Visitors learn of posts only."""
    ids = list(dict.fromkeys(actor_ids))
    found = {actor_id: Tally() for actor_id in ids}
    if not ids:
        return found
    asking, known = prepare(viewer, _asking)
    for kind, actor_id, count, last in await asking(session, {**known, "actor_ids": ids}):
        tally = found[actor_id]
        if kind == "posts":
            tally.posts += count
            tally.last_post_at = max(filter(None, (tally.last_post_at, last)), default=None)
        elif kind == "followers":
            tally.followers += count
        else:
            tally.following += count
    return found


def _asking(viewer: Viewer) -> Direct:
    return Direct(_statement(viewer))


def _statement(viewer: Viewer) -> Any:
    ids = bindparam("actor_ids", expanding=True, type_=BigInteger)
    nothing = type_coerce(null(), DateTime(timezone=True))
    seen = (Post.visibility != Visibility.DIRECT, policy.sees_post(viewer))
    newest = type_coerce(func.max(Post.created_at), UtcDateTime)
    parts = [
        select(literal("posts"), Post.author_id, func.count(), newest)
        .where(Post.author_id.in_(ids), *seen)
        .group_by(Post.author_id),
        select(literal("posts"), Post.group_id, func.count(), newest)
        .where(Post.group_id.in_(ids), Post.boost_of_id.is_(None), *seen)
        .group_by(Post.group_id),
    ]
    if isinstance(viewer, Anonymous):
        return union_all(*parts)
    readable = policy.readable_groups(viewer).with_only_columns(Group.id)
    accepted = Follow.accepted_at.is_not(None)
    parts += [
        select(literal("followers"), Follow.followee_id, func.count(), nothing)
        .where(Follow.followee_id.in_(ids), accepted)
        .group_by(Follow.followee_id),
        select(literal("following"), Follow.follower_id, func.count(), nothing)
        .where(Follow.follower_id.in_(ids), accepted)
        .group_by(Follow.follower_id),
        select(literal("followers"), Membership.group_id, func.count(), nothing)
        .where(Membership.group_id.in_(ids), Membership.state == MemberState.MEMBER, Membership.group_id.in_(readable))
        .group_by(Membership.group_id),
    ]
    return union_all(*parts)


class House(Struct, frozen=True):
    """The numbers of the company: people who can sign in, posts all of them see, companies it trades with."""

    people: int = 0
    posts: int = 0
    partners: int = 0


async def of_house(database: Database, viewer: Viewer) -> House:
    """How large the company's network is, as it was at most five minutes ago: to count all posts takes a while, and
    every client asks when it starts. Visitors learn nothing of that."""
    if not isinstance(viewer, Staff):
        return House()
    kept = database.kept.get(of_house)
    if kept is None or now() - kept[0] > _FRESH:
        kept = database.kept[of_house] = (now(), await _counted(database))
    house: House = kept[1]
    return house


async def _counted(database: Database) -> House:
    people = select(func.count()).select_from(Account).where(Account.disabled_at.is_(None))
    posts = policy.visible_posts(COLLEAGUE).where(Post.is_local, Post.boost_of_id.is_(None))
    partners = select(func.count()).select_from(Partner).where(Partner.state == PartnerState.ADMITTED)
    async with database.reading() as session:
        return House(
            people=await session.scalar(people) or 0,
            posts=await session.scalar(posts.with_only_columns(func.count())) or 0,
            partners=await session.scalar(partners) or 0,
        )
