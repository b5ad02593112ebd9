"""Hashtags: which somebody follows, which they show on their profile, and how often each was used lately.

What is counted is what whoever asks may see (R-74, L9): a tag of a closed group is a word nobody used for all others.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct, field
from sqlalchemy import BigInteger, ColumnElement, Select, bindparam, func, literal, literal_column, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from models import policy, sorting, timelines
from models.base import IDS_A_DAY, id_at, new_id, now
from models.errors import Invalid, NotFound
from models.prepared import prepare
from models.tables import Actor, FeaturedTag, FollowedTag, Post, PostTag
from models.text import addresses
from models.text.clean import fold_tag
from models.viewers import Staff, Viewer

DAYS = 7
_DAY = timedelta(days=1)
_FOLLOWED = 500
MOST_FEATURED = 10
_SUGGESTED = 10


class BadTag(Invalid):
    """Validation failed: Tag is invalid"""

    code = "bad_tag"


class TooManyTags(Invalid):
    """Validation failed: you have as many hashtags as there is room for"""

    code = "too_many_tags"


class Day(Struct, frozen=True):
    """How often something was used on a day of UTC, and by how many people; `begins` is in seconds."""

    begins: int
    uses: int = 0
    people: int = 0


class Standing(Struct):
    """A hashtag for who asks."""

    name: str
    is_followed: bool = False
    is_featured: bool = False
    days: list[Day] = field(default_factory=list)


def checked(name: str) -> str:
    """A hashtag as it is stored. Raises BadTag: a number, or something that cannot stand behind a `#`."""
    plain = name.strip().removeprefix("#")
    if addresses.hashtag_at(f"#{plain}", 0) != plain:
        raise BadTag(field="name")
    return fold_tag(plain)


# How a tag stands


def since(moment: datetime, days: int = DAYS) -> int:
    """The smallest id of the last `days` days of UTC, today among them."""
    today = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return id_at(today - (days - 1) * _DAY)


def day_of(post_id: Any) -> ColumnElement[int]:
    """The day of UTC of a post, counted from 1970."""
    number: ColumnElement[int] = post_id // literal_column(str(IDS_A_DAY), BigInteger)
    return number


def day_number(post_id: int) -> int:
    """The same of an id that is known."""
    return post_id // IDS_A_DAY


def history(found: dict[int, tuple[int, int]], moment: datetime) -> list[Day]:
    """The last days, newest first, from uses and people by day."""
    today = int(moment.timestamp()) // 86_400
    return [Day(day * 86_400, *found.get(day, (0, 0))) for day in range(today, today - DAYS, -1)]


_NAMES: Any = bindparam("names", expanding=True)
_SINCE: Any = bindparam("since", type_=BigInteger)


async def standings(session: AsyncSession, viewer: Viewer, names: Iterable[str]) -> list[Standing]:
    """How hashtags, given folded, stand for `viewer`, in that order; in two statements."""
    found = {name: Standing(name) for name in names}
    if not found:
        return []
    moment = now()
    asked = {"names": list(found), "since": since(moment)}
    statement, known = prepare(viewer, _uses)
    days: dict[str, dict[int, tuple[int, int]]] = {}
    for name, day, uses, people in await session.execute(statement, {**known, **asked}):
        days.setdefault(name, {})[int(day)] = (uses, people)
    for name, standing in found.items():
        standing.days = history(days.get(name, {}), moment)
    if isinstance(viewer, Staff):
        statement, known = prepare(viewer, _own)
        for kind, name in await session.execute(statement, {**known, "names": list(found)}):
            if kind == 0:
                found[name].is_followed = True
            else:
                found[name].is_featured = True
    return list(found.values())


def _uses(viewer: Viewer) -> Any:
    posts = timelines.told_by(timelines.everything(viewer), viewer).where(Post.id >= _SINCE)
    day = day_of(Post.id)
    return (
        posts.join(PostTag, PostTag.post_id == Post.id)
        .where(PostTag.name.in_(_NAMES), PostTag.post_id >= _SINCE)
        .with_only_columns(PostTag.name, day, func.count(), func.count(Post.author_id.distinct()))
        .group_by(PostTag.name, day)
    )


def _own(viewer: Staff) -> Any:
    return union_all(
        select(literal(0), FollowedTag.name).where(
            FollowedTag.account_id == viewer.account_id, FollowedTag.name.in_(_NAMES)
        ),
        select(literal(1), FeaturedTag.name).where(
            FeaturedTag.actor_id == viewer.actor_id, FeaturedTag.name.in_(_NAMES)
        ),
    )


# Following


def followed(by: Staff) -> Select[FollowedTag]:
    """The hashtags somebody follows; page by `FollowedTag.id`."""
    return select(FollowedTag).where(FollowedTag.account_id == by.account_id)


async def follow(session: AsyncSession, name: str, *, by: Staff) -> str:
    """Have what carries a hashtag in the home timeline; its folded name. Raises BadTag, TooManyTags."""
    folded = checked(name)
    if await session.scalar(followed(by).where(FollowedTag.name == folded)) is None:
        count = await session.scalar(select(func.count()).where(FollowedTag.account_id == by.account_id)) or 0
        if count >= _FOLLOWED:
            raise TooManyTags
        session.add(FollowedTag(id=new_id(), account_id=by.account_id, name=folded))
        await sorting.note(session, by=by)
    return folded


async def unfollow(session: AsyncSession, name: str, *, by: Staff) -> str:
    """Follow a hashtag no more; its folded name, also when nobody followed it."""
    folded = fold_tag(name)
    found = await session.scalar(followed(by).where(FollowedTag.name == folded))
    if found is not None:
        await session.delete(found)
        await sorting.note(session, by=by)
    return folded


# Showing on one's profile


class Featured(Struct, frozen=True):
    """A hashtag on somebody's profile, with how often they used it and when last, as far as who asks may see."""

    id: int
    name: str
    uses: int
    last_at: datetime | None


async def featured(session: AsyncSession, viewer: Viewer, actor: Actor) -> Sequence[Featured]:
    """The hashtags on a profile. For visitors only those that stand in something they may read (L9)."""
    rows = select(FeaturedTag.id, FeaturedTag.name).where(FeaturedTag.actor_id == actor.id).order_by(FeaturedTag.id)
    tags = (await session.execute(rows)).all()
    if not tags:
        return []
    posts = timelines.told_by(timelines.of_person(viewer, actor.id), viewer).where(Post.boost_of_id.is_(None))
    counted = (
        posts.join(PostTag, PostTag.post_id == Post.id)
        .where(PostTag.name.in_([name for _, name in tags]))
        .with_only_columns(PostTag.name, func.count(), func.max(Post.created_at))
        .group_by(PostTag.name)
    )
    used = {name: (uses, last_at) for name, uses, last_at in await session.execute(counted)}
    shown = [Featured(tag_id, name, *used.get(name, (0, None))) for tag_id, name in tags]
    return shown if isinstance(viewer, Staff) else [tag for tag in shown if tag.uses]


async def feature(session: AsyncSession, name: str, *, by: Staff) -> FeaturedTag:
    """Show a hashtag on one's profile; a second time changes nothing. Raises BadTag, TooManyTags."""
    folded = checked(name)
    own = select(FeaturedTag).where(FeaturedTag.actor_id == by.actor_id)
    found = await session.scalar(own.where(FeaturedTag.name == folded))
    if found is not None:
        return found
    if (await session.scalar(select(func.count()).where(FeaturedTag.actor_id == by.actor_id)) or 0) >= MOST_FEATURED:
        raise TooManyTags
    made = FeaturedTag(id=new_id(), actor_id=by.actor_id, name=folded)
    session.add(made)
    await session.flush()
    return made


async def unfeature(session: AsyncSession, name: str, *, by: Staff) -> str:
    """Take a hashtag off one's profile; its folded name, also when it was not there."""
    folded = fold_tag(name)
    own = select(FeaturedTag).where(FeaturedTag.actor_id == by.actor_id, FeaturedTag.name == folded)
    found = await session.scalar(own)
    if found is not None:
        await session.delete(found)
        await session.flush()
    return folded


async def unfeature_id(session: AsyncSession, tag_id: int, *, by: Staff) -> None:
    """The same by the id of the entry. Raises NotFound."""
    found = await session.get(FeaturedTag, tag_id)
    if found is None or found.actor_id != by.actor_id:
        raise NotFound(tag_id=tag_id)
    await session.delete(found)
    await session.flush()


async def suggested(session: AsyncSession, by: Staff) -> list[str]:
    """The hashtags that `by` used last and does not show yet."""
    shown = select(FeaturedTag.name).where(FeaturedTag.actor_id == by.actor_id)
    latest = func.max(Post.id)
    names = (
        select(PostTag.name)
        .join(Post, Post.id == PostTag.post_id)
        .where(Post.author_id == by.actor_id, policy.sees_post(by), PostTag.name.not_in(shown))
        .group_by(PostTag.name)
        .order_by(latest.desc())
        .limit(_SUGGESTED)
    )
    return list(await session.scalars(names))
