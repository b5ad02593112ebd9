"""What is talked about: hashtags, posts and pages of the last seven days, as far as whoever asks may see it (R-74, L9).

Nothing is weighed by an editor or hidden by a formula: it is how many different people used a tag, did something with
a post, or linked to a page. Each list looks at the newest two thousand things at most, in one statement.
"""

import html
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct
from sqlalchemy import BigInteger, Integer, Select, bindparam, func, or_, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from models import links, policy, timelines
from models.base import now
from models.instance import instance_of
from models.prepared import prepare
from models.tables import Like, Post, PostTag
from models.tags import Day, day_number, history, since
from models.viewers import Viewer

_LOOKED_AT = 2000
_WITH_LINKS = 1000
_SINCE: Any = bindparam("since", type_=BigInteger)
_LIMIT: Any = bindparam("most", type_=Integer)
_OFFSET: Any = bindparam("skipped", type_=Integer)
_BOOST = aliased(Post)
_REPLY = aliased(Post)


async def tags(session: AsyncSession, viewer: Viewer, *, limit: int, offset: int = 0) -> Sequence[str]:
    """The hashtags that most people used, folded."""
    statement, known = prepare(viewer, _tags)
    values = {**known, "since": since(now()), "most": limit, "skipped": offset}
    return (await session.scalars(statement, values)).all()


def _lately(viewer: Viewer) -> Select[Post]:
    return timelines.told_by(timelines.everything(viewer), viewer).where(Post.id >= _SINCE)


def _tags(viewer: Viewer) -> Any:
    used = (
        _lately(viewer)
        .join(PostTag, PostTag.post_id == Post.id)
        .with_only_columns(PostTag.name, Post.author_id, Post.id)
        .order_by(Post.id.desc())
        .limit(_LOOKED_AT)
        .subquery()
    )
    ranks = (func.count(used.c.author_id.distinct()).desc(), func.count().desc(), used.c.name)
    return select(used.c.name).group_by(used.c.name).order_by(*ranks).limit(_LIMIT).offset(_OFFSET)


async def posts(session: AsyncSession, viewer: Viewer, *, limit: int, offset: int = 0) -> Sequence[int]:
    """The posts with which most people did something: gave thanks, boosted, answered. Nobody counts for their own."""
    statement, known = prepare(viewer, _posts)
    values = {**known, "since": since(now()), "most": limit, "skipped": offset}
    return (await session.scalars(statement, values)).all()


def _posts(viewer: Viewer) -> Any:
    def newest(table: Any, about: Any, by: Any, *where: Any) -> Any:
        done = _lately(viewer).join(table, about == Post.id).where(table.id >= _SINCE, by != Post.author_id, *where)
        columns = done.with_only_columns(Post.id.label("post_id"), by.label("by_id"))
        return select(columns.order_by(table.id.desc()).limit(_LOOKED_AT).subquery())

    done = union_all(
        newest(Like, Like.post_id, Like.actor_id),
        newest(_BOOST, _BOOST.boost_of_id, _BOOST.author_id, policy.sees_post(viewer, _BOOST)),
        newest(_REPLY, _REPLY.reply_to_id, _REPLY.author_id, policy.sees_post(viewer, _REPLY)),
    ).subquery()
    ranks = (func.count(done.c.by_id.distinct()).desc(), done.c.post_id.desc())
    return select(done.c.post_id).group_by(done.c.post_id).order_by(*ranks).limit(_LIMIT).offset(_OFFSET)


class Page(Struct, frozen=True):
    """A page that posts link to, and how often on each of the last days, newest first."""

    url: str
    days: Sequence[Day]


async def pages(session: AsyncSession, viewer: Viewer, *, limit: int, offset: int = 0) -> list[Page]:
    """The pages, not ours, that most people linked to."""
    statement, known = prepare(viewer, _linking)
    moment, own = now(), instance_of(session).host
    uses: dict[str, dict[int, list[int]]] = {}
    for post_id, author_id, text in await session.execute(statement, {**known, "since": since(moment)}):
        for url in dict.fromkeys(links.pages_in(text)):
            if urlsplit(url).netloc.lower() != own:
                uses.setdefault(url, {}).setdefault(day_number(post_id), []).append(author_id)

    def rank(url: str) -> tuple[int, int, str]:
        everybody = [by for people in uses[url].values() for by in people]
        return -len(set(everybody)), -len(everybody), url

    return [
        Page(url, history({day: (len(people), len(set(people))) for day, people in uses[url].items()}, moment))
        for url in sorted(uses, key=rank)[offset : offset + limit]
    ]


def _linking(viewer: Viewer) -> Any:
    linking = _lately(viewer).where(Post.html.contains('href="http', autoescape=True))
    return linking.with_only_columns(Post.id, Post.author_id, Post.html).order_by(Post.id.desc()).limit(_WITH_LINKS)


def linking_to(viewer: Viewer, url: str) -> Select[Post]:
    """All posts that link to a page, or to a place in it."""
    start = f'href="{html.escape(url.partition("#")[0])}'
    found = or_(Post.html.contains(f'{start}"', autoescape=True), Post.html.contains(f"{start}#", autoescape=True))
    return timelines.told_by(timelines.everything(viewer), viewer).where(found)
