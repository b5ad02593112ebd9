"""Reading pages of posts for clients that ask often: first which posts, in which version, then what is not known yet.

What a post says is the same for everybody in the house and for everybody outside, so whoever shows it may keep it, by
its `Version`. Only which posts a viewer sees, the counts and the viewer's own marks are asked anew each time.
"""

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from msgspec import Struct, field
from sqlalchemy import Select, and_, bindparam, exists, func, literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased, joinedload

from models import policy, polls
from models.base import sifts
from models.errors import NotFound
from models.paging import Page, bounded, prepared_page, rows_of
from models.posts.writing import Written
from models.prepared import prepare
from models.tables import (
    Actor,
    Application,
    Attachment,
    Bookmark,
    Consent,
    ConsentKind,
    ConsentState,
    Featured,
    Group,
    Like,
    Mention,
    Post,
    PostKind,
    PostTag,
    Reach,
    Revision,
    ThreadMute,
)
from models.tokens import Held, Sender
from models.viewers import ANONYMOUS, Staff, Viewer

_THREAD = 500
_IDS: Any = bindparam("post_ids", expanding=True)

# aliases are made once; see models.policy
_BOOSTED = aliased(Post)
_AUTHOR = aliased(Actor)
_BOOSTED_AUTHOR = aliased(Actor)
_REPLY = aliased(Post)
_BOOST = aliased(Post)
_QUOTE = aliased(Post)
_OWN = aliased(Post)
_ANSWERED = aliased(Post)
_PARENT = aliased(Post)


class Version(NamedTuple):
    """Which state of a post: while this is the same, so is everything it says. `group_reach` is that of today, and
    `answers` the post it answers as long as that is there."""

    id: int
    revision: int
    published_revision: int | None
    group_reach: Reach | None
    author_id: int
    author_version: int
    interaction: str | None
    answers: int | None


class Outline(NamedTuple):
    """A line of a list: where it stands, which post it is, and which post it boosts."""

    key: int
    post: Version
    boosted: Version | None

    @property
    def shown(self) -> Version:
        """The post whose text is shown."""
        return self.boosted or self.post


async def outlines(
    session: AsyncSession, statement: Select[Post], page: Page, *, key: Any = Post.id
) -> Sequence[Outline]:
    """The lines of `statement` on `page`, newest first by `key`; in one statement."""
    return [_outline(row) for row in await rows_of(session, _outlined(statement, key), key, page)]


Query = Callable[..., Select[Post]]
"""A function of a module that makes the posts of a list for a viewer, and perhaps more facts."""


async def page_for(
    session: AsyncSession, viewer: Viewer, query: Query, page: Page, *facts: Any, key: Any = Post.id
) -> Sequence[Outline]:
    """The lines of `query(viewer, *facts)` on `page`; its statement is built once (`models.prepared`)."""
    shape, numbers = prepared_page(page)
    statement, values = prepare(viewer, _page, query, key, shape, facts)
    rows = (await session.execute(statement, {**values, **numbers})).all()
    return [_outline(row) for row in (rows if page.min_id is None else reversed(rows))]


def _page(viewer: Viewer, query: Query, key: Any, page: Page, facts: tuple[Any, ...]) -> Any:
    return bounded(_outlined(query(viewer, *facts), key), key, page)


async def among(session: AsyncSession, viewer: Viewer, query: Query, ids: Iterable[int], *facts: Any) -> set[int]:
    """Which of `ids` are posts of `query(viewer, *facts)`."""
    statement, values = prepare(viewer, _among, query, facts)
    return set(await session.scalars(statement, {**values, "post_ids": list(ids)}))


def _among(viewer: Viewer, query: Query, facts: tuple[Any, ...]) -> Select[int]:
    return query(viewer, *facts).where(Post.id.in_(_IDS)).with_only_columns(Post.id)


async def outlines_of(session: AsyncSession, viewer: Viewer, ids: Iterable[int]) -> dict[int, Outline]:
    """The posts among `ids` that `viewer` sees, by id."""
    wanted = list(dict.fromkeys(ids))
    if not wanted:
        return {}
    statement, values = prepare(viewer, _outlines_of)
    rows = await session.execute(statement, {**values, "post_ids": wanted})
    return {row[0]: _outline(row) for row in rows}


async def lines_of(session: AsyncSession, ids: Iterable[int]) -> dict[int, Outline]:
    """The posts `ids`, by id; who may see them was asked before."""
    rows = await session.execute(_lines_of(), {"post_ids": list(ids)})
    return {row[0]: _outline(row) for row in rows}


@functools.cache
def _lines_of() -> Select[Any]:
    return _outlined(select(Post).where(Post.id.in_(_IDS)), Post.id)


def _outlines_of(viewer: Viewer) -> Select[Any]:
    return _outlined(policy.visible_posts(viewer).where(Post.id.in_(_IDS)), Post.id)


async def outline_of(session: AsyncSession, viewer: Viewer, post_id: int) -> Outline:
    """The post with that id. Raises NotFound, also for what `viewer` may not see."""
    found = await outlines_of(session, viewer, [post_id])
    if post_id not in found:
        raise NotFound(post_id=post_id)
    return found[post_id]


def _outlined(statement: Select[Any], key: Any) -> Select[Any]:
    boosted, author, boosted_author = _BOOSTED, _AUTHOR, _BOOSTED_AUTHOR
    return (
        statement.join(author, author.id == Post.author_id)
        .outerjoin(Group, Group.id == Post.group_id)
        .outerjoin(boosted, boosted.id == Post.boost_of_id)
        .outerjoin(boosted_author, boosted_author.id == boosted.author_id)
        .with_only_columns(
            key,
            Post.id,
            Post.revision,
            Post.published_revision,
            Group.reach,
            Post.author_id,
            author.version,
            Post.interaction,
            _answered_by(Post),
            boosted.id,
            boosted.revision,
            boosted.published_revision,
            Group.reach,
            boosted.author_id,
            boosted_author.version,
            boosted.interaction,
            _answered_by(boosted),
        )
    )


def _answered_by(post: Any) -> Any:
    """The id of what `post` answers, while that is neither deleted nor removed."""
    there = select(_PARENT.id).where(_PARENT.id == post.reply_to_id, *_is_there(_PARENT))
    return there.correlate(post).scalar_subquery()


def _is_there(post: Any) -> tuple[Any, Any]:
    return post.deleted_at.is_(None), post.removed_at.is_(None)


def _outline(row: Sequence[Any]) -> Outline:
    return Outline(row[0], Version(*row[1:9]), Version(*row[9:17]) if row[9] is not None else None)


# Threads


class Link(NamedTuple):
    """A post's place in its thread, and nothing else of it."""

    id: int
    reply_to_id: int | None


async def thread_links(session: AsyncSession, viewer: Viewer, post_id: int) -> tuple[Link, list[Link]]:
    """The post with that id and its thread as `viewer` sees it, oldest first. Raises NotFound."""
    visible = policy.visible_posts(viewer)
    columns = (Post.id, Post.reply_to_id, Post.thread_id)
    row = (await session.execute(visible.where(Post.id == post_id).with_only_columns(*columns))).first()
    if row is None:
        raise NotFound(post_id=post_id)
    thread = visible.where(Post.thread_id == (row.thread_id or row.id)).with_only_columns(Post.id, Post.reply_to_id)
    found = await session.execute(thread.order_by(Post.id).limit(_THREAD))
    return Link(row.id, row.reply_to_id), [Link(*link) for link in found]


# Counts and own marks


class Marks(Struct, frozen=True):
    """What hangs on posts and changes all the time, by post id. Counts are of what the viewer may see (R-74)."""

    replies: dict[int, int] = field(default_factory=dict)
    likes: dict[int, int] = field(default_factory=dict)
    boosts: dict[int, int] = field(default_factory=dict)
    quotes: dict[int, int] = field(default_factory=dict)
    liked: dict[int, int] = field(default_factory=dict)
    boosted: dict[int, int] = field(default_factory=dict)
    bookmarked: dict[int, int] = field(default_factory=dict)
    pinned: dict[int, int] = field(default_factory=dict)
    muted: dict[int, int] = field(default_factory=dict)
    """Threads of which the viewer wants to hear nothing, by the id of the post that began them."""


async def marks(session: AsyncSession, viewer: Viewer, ids: Iterable[int]) -> Marks:
    """Counts and `viewer`'s own marks for the posts `ids`; in one statement."""
    wanted = list(dict.fromkeys(ids))
    found = Marks()
    if not wanted:
        return found
    targets = (
        found.replies,
        found.likes,
        found.boosts,
        found.liked,
        found.boosted,
        found.bookmarked,
        found.quotes,
        found.pinned,
        found.muted,
    )
    statement, values = prepare(viewer, _marks)
    for kind, post_id, count in await session.execute(statement, {**values, "post_ids": wanted}):
        targets[kind][post_id] = count
    return found


def _marks(viewer: Viewer) -> Any:
    reply, boost = _REPLY, _BOOST
    parts = [
        select(literal(0), reply.reply_to_id, func.count())
        .where(reply.reply_to_id.in_(_IDS), policy.sees_post(viewer, reply))
        .group_by(reply.reply_to_id),
        select(literal(1), Like.post_id, func.count())
        .where(Like.post_id.in_(_IDS), policy.sees_like(viewer))
        .group_by(Like.post_id),
        select(literal(2), boost.boost_of_id, func.count())
        .where(boost.boost_of_id.in_(_IDS), policy.sees_post(viewer, boost))
        .group_by(boost.boost_of_id),
        select(literal(6), Consent.target_id, func.count())
        .join(_QUOTE, _QUOTE.id == Consent.post_id)
        .where(
            Consent.target_id.in_(_IDS),
            Consent.kind == ConsentKind.QUOTE,
            Consent.state == ConsentState.ACCEPTED,
            policy.sees_post(viewer, _QUOTE),
        )
        .group_by(Consent.target_id),
    ]
    if isinstance(viewer, Staff):
        own = _OWN
        parts += [
            select(literal(3), Like.post_id, literal(1)).where(
                Like.actor_id == viewer.actor_id, Like.post_id.in_(_IDS)
            ),
            select(literal(4), own.boost_of_id, literal(1)).where(
                # sought by what was passed on: among all that somebody wrote SQLite would read every post
                sifts(own.author_id == viewer.actor_id),
                own.deleted_at.is_(None),
                own.boost_of_id.in_(_IDS),
            ),
            select(literal(5), Bookmark.post_id, literal(1)).where(
                Bookmark.account_id == viewer.account_id, Bookmark.post_id.in_(_IDS)
            ),
            # all there are, not those among the posts: nobody has many, most have none
            select(literal(7), Featured.post_id, literal(1)).where(Featured.actor_id == viewer.actor_id),
            select(literal(8), ThreadMute.thread_id, literal(1)).where(ThreadMute.account_id == viewer.account_id),
        ]
    return union_all(*parts)


# What posts say


class Content(Struct, frozen=True, kw_only=True):
    """All that a post says, the same for everybody in the house, or for everybody outside."""

    post: Post
    said: Revision | Post
    edited: bool
    files: Sequence[Attachment] = ()
    mentions: Sequence[Actor] = ()
    tags: Sequence[str] = ()
    group: Group | None = None
    reply_author_id: int | None = None
    """Who wrote what this answers; None when it answers nothing that is still there, or for outside nothing that is
    known there."""
    answers: int | None = None
    application: Application | Sender | None = None
    poll_id: int | None = None
    quotes: bool = False
    author_version: int = 0

    @property
    def version(self) -> Version:
        """The state of the post that says this."""
        post = self.post
        reach = self.group.reach if self.group is not None else None
        by = (post.author_id, self.author_version)
        return Version(post.id, post.revision, post.published_revision, reach, *by, post.interaction, self.answers)


async def contents(session: AsyncSession, ids: Iterable[int], *, outside: bool) -> list[Content]:
    """What the posts `ids` say; outside in the revision that left. At most a fixed number of statements, one for posts
    that are words alone; whom they concern was asked before."""
    rows = (await session.execute(_said(outside), {"post_ids": list(ids)})).all()
    posts: list[Post] = [row[0] for row in rows]
    said = await _published(session, posts) if outside else {}
    files = await _files(session, [row[0].id for row in rows if row.has_files], outside=outside)
    mentions = await _mentions(session, [row[0].id for row in rows if row.has_mentions])
    tags = await _tags(session, [row[0].id for row in rows if row.has_tags])
    asking = [post.id for post in posts if post.kind is PostKind.QUESTION]
    asked = await polls.ids_of(session, asking, outside=outside) if asking else {}
    made = []
    for row in rows:
        post: Post = row[0]
        shown: Revision | Post = said.get(post.id, post) if outside else post
        html = shown.html
        made.append(
            Content(
                post=post,
                said=shown,
                edited=post.edited_at is not None if shown is post else getattr(shown, "number", 1) > 1,
                files=files.get(post.id, ()),
                # names and tags are those of the newest revision: outside only what the one that left says too
                mentions=[actor for actor in mentions.get(post.id, ()) if not outside or actor.url in html],
                tags=[tag for tag in tags.get(post.id, ()) if not outside or f"/tags/{tag}" in html],
                group=post.group,
                reply_author_id=row[2],
                answers=row.answers,
                application=row[1],
                poll_id=asked.get(post.id),
                quotes=row[3],
                author_version=row.author_version,
            )
        )
    return made


async def content_of(session: AsyncSession, written: Written, *, through: Held | None = None) -> Content:
    """What a post says to the house that was written in this transaction: asks only what its verb did not know, nor who
    knows the token that it came `through`."""
    post = written.post
    is_known = through is not None and through.application_id == post.application_id
    if through is None or through.actor_version is None or not is_known or not written.is_alone:
        [found] = await contents(session, [post.id], outside=False)
        return found
    return Content(
        post=post,
        said=post,
        edited=False,
        mentions=sorted(written.named, key=lambda actor: actor.id),
        tags=written.tags,
        application=through.application,
        author_version=through.actor_version,
    )


@functools.cache
def _said(outside: bool) -> Select[*tuple[Any, ...]]:
    answered = and_(_ANSWERED.id == Post.reply_to_id, *_is_there(_ANSWERED))
    return (
        select(
            Post,
            Application,
            _ANSWERED.author_id,
            exists().where(Consent.post_id == Post.id, Consent.kind == ConsentKind.QUOTE),
            exists().where(Attachment.post_id == Post.id).label("has_files"),
            exists().where(Mention.post_id == Post.id).label("has_mentions"),
            exists().where(PostTag.post_id == Post.id).label("has_tags"),
            _AUTHOR.version.label("author_version"),
            _answered_by(Post).label("answers"),
        )
        .join(_AUTHOR, _AUTHOR.id == Post.author_id)
        .outerjoin(Application, Application.id == Post.application_id)
        .outerjoin(_ANSWERED, answered & policy.sees_post(ANONYMOUS, _ANSWERED) if outside else answered)
        .where(Post.id.in_(_IDS))
        .options(joinedload(Post.group).joinedload(Group.actor))
    )


async def _published(session: AsyncSession, posts: Sequence[Post]) -> dict[int, Revision]:
    found = await session.scalars(
        select(Revision)
        .join(Post, Post.id == Revision.post_id)
        .where(Post.id.in_([post.id for post in posts]), Revision.number == Post.published_revision)
    )
    return {revision.post_id: revision for revision in found}


async def _files(session: AsyncSession, ids: list[int], *, outside: bool) -> dict[int, list[Attachment]]:
    files: dict[int, list[Attachment]] = {}
    if not ids:
        return files
    found = await session.scalars(
        select(Attachment)
        .join(Post, Post.id == Attachment.post_id)
        .join(Actor, Actor.id == Post.author_id)
        .where(
            ~Actor.is_introduced,  # their files stay where we cannot go (B2B-4)
            Attachment.post_id.in_(ids),
            Attachment.revision == (Post.published_revision if outside else Post.revision),
        )
        .options(joinedload(Attachment.media))
        .order_by(Attachment.post_id, Attachment.position)
    )
    for file in found:
        files.setdefault(file.post_id, []).append(file)
    return files


async def _mentions(session: AsyncSession, ids: list[int]) -> dict[int, list[Actor]]:
    mentions: dict[int, list[Actor]] = {}
    if not ids:
        return mentions
    found = await session.scalars(
        select(Mention).where(Mention.post_id.in_(ids)).options(joinedload(Mention.actor)).order_by(Mention.actor_id)
    )
    for mention in found:
        mentions.setdefault(mention.post_id, []).append(mention.actor)
    return mentions


async def _tags(session: AsyncSession, ids: list[int]) -> dict[int, list[str]]:
    tags: dict[int, list[str]] = {}
    if not ids:
        return tags
    found = select(PostTag.post_id, PostTag.name).where(PostTag.post_id.in_(ids)).order_by(PostTag.name)
    for post_id, name in await session.execute(found):
        tags.setdefault(post_id, []).append(name)
    return tags


async def files_of_revisions(session: AsyncSession, post_id: int) -> dict[int, list[Attachment]]:
    """The files a post carried, by revision."""
    found = await session.scalars(
        select(Attachment)
        .where(Attachment.post_id == post_id)
        .options(joinedload(Attachment.media))
        .order_by(Attachment.revision, Attachment.position)
    )
    files: dict[int, list[Attachment]] = {}
    for file in found:
        files.setdefault(file.revision, []).append(file)
    return files


def boosts_of(viewer: Viewer, post_id: int) -> Select[Post]:
    """The boosts of a post that `viewer` sees, with who made them."""
    return policy.visible_posts(viewer).where(Post.boost_of_id == post_id).options(joinedload(Post.author))
