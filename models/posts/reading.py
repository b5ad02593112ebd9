"""Reading posts: one, its thread, its history, and what a page of them needs, in a fixed number of statements."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol, TypeVar

from msgspec import Struct, field
from sqlalchemy import BigInteger, Select, String, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload, selectinload

from models import policy
from models.errors import NotFound
from models.paging import Page, bounded, prepared_page
from models.posts.outlines import Marks, marks
from models.prepared import find, prepare
from models.tables import (
    Actor,
    Attachment,
    Group,
    Mention,
    Post,
    PostTag,
    Recipient,
    Revision,
)
from models.viewers import Staff, Viewer

_THREAD = 500
_IDS: Any = bindparam("post_ids", expanding=True, type_=BigInteger)


def loaded(posts: Select[Post]) -> Select[Post]:
    """With author, group and boosted post, as every list shows them."""
    return posts.options(
        joinedload(Post.author).joinedload(Actor.avatar),
        joinedload(Post.group).joinedload(Group.actor),
        joinedload(Post.boost_of).options(
            joinedload(Post.author).joinedload(Actor.avatar), joinedload(Post.group).joinedload(Group.actor)
        ),
    )


async def one(session: AsyncSession, viewer: Viewer, post_id: int) -> Post:
    """The post with that id. Raises NotFound, also for what `viewer` may not see."""
    post = await find(session, viewer, _one, post_id=post_id)
    if post is None:
        raise NotFound(post_id=post_id)
    return post


def _one(viewer: Viewer) -> Select[Post]:
    return loaded(policy.visible_posts(viewer)).where(Post.id == bindparam("post_id", type_=BigInteger))


async def page(
    session: AsyncSession, viewer: Viewer, query: Callable[..., Select[Post]], asked: Page, **values: int
) -> Sequence[Post]:
    """The posts of `query(viewer)` on a page, newest first; `values` are for the parameters it has of its own."""
    shape, numbers = prepared_page(asked)
    statement, known = prepare(viewer, _page, query, shape)
    found = (await session.scalars(statement, {**known, **numbers, **values})).all()
    return found if asked.min_id is None else found[::-1]


def _page(viewer: Viewer, query: Callable[..., Select[Post]], shape: Page) -> Any:
    return bounded(query(viewer), Post.id, shape)


async def by_uri(session: AsyncSession, viewer: Viewer, uri: str) -> Post:
    post = await find(session, viewer, _with_uri, uri=uri)
    if post is None:
        raise NotFound(uri=uri)
    return post


def _with_uri(viewer: Viewer) -> Select[Post]:
    return loaded(policy.visible_posts(viewer)).where(Post.uri == bindparam("uri", type_=String))


async def thread(session: AsyncSession, viewer: Viewer, post: Post) -> Sequence[Post]:
    """All of the thread that `viewer` may see, oldest first, `post` among it."""
    statement, known = prepare(viewer, _of_thread)
    return (await session.scalars(statement, {**known, "thread_id": post.thread_id or post.id})).all()


def _of_thread(viewer: Viewer) -> Select[Post]:
    posts = loaded(policy.visible_posts(viewer)).where(Post.thread_id == bindparam("thread_id", type_=BigInteger))
    return posts.order_by(Post.id).limit(_THREAD)


class Answers(Protocol):
    """Anything that stands in a thread."""

    @property
    def id(self) -> int: ...
    @property
    def reply_to_id(self) -> int | None: ...


InThread = TypeVar("InThread", bound=Answers)


def around(post: InThread, thread: Sequence[InThread]) -> tuple[list[InThread], list[InThread]]:
    """`thread` as seen from `post`: what it answers, eldest first, and what answers it, each below its parent."""
    known = {other.id: other for other in thread}
    above: list[InThread] = []
    parent = known.get(post.reply_to_id or 0)
    while parent is not None and parent not in above:
        above.append(parent)
        parent = known.get(parent.reply_to_id or 0)
    children: dict[int, list[InThread]] = {}
    for other in thread:
        if other.reply_to_id is not None:
            children.setdefault(other.reply_to_id, []).append(other)
    below: list[InThread] = []
    stack = list(reversed(children.get(post.id, [])))
    while stack:
        other = stack.pop()
        below.append(other)
        stack.extend(reversed(children.get(other.id, [])))
    return above[::-1], below


async def parents(session: AsyncSession, viewer: Viewer, posts: Iterable[Post]) -> dict[int, Post]:
    """What each of `posts` answers, by id, as far as `viewer` may see it."""
    wanted = {shown.reply_to_id for shown in map(shown_by, posts) if shown.reply_to_id is not None}
    if not wanted:
        return {}
    statement, known = prepare(viewer, _visible_among)
    return {parent.id: parent for parent in await session.scalars(statement, {**known, "post_ids": list(wanted)})}


def _visible_among(viewer: Viewer) -> Select[Post]:
    return policy.visible_posts(viewer).where(Post.id.in_(_IDS)).options(joinedload(Post.author))


def shown_by(post: Post) -> Post:
    """The post whose text is shown: for a boost the boosted one."""
    return post.boost_of if post.boost_of_id is not None and post.boost_of is not None else post


class Extras(Struct, frozen=True):
    """What surrounds the posts of one page, by post id."""

    files: dict[int, list[Attachment]] = field(default_factory=dict)
    mentions: dict[int, list[Actor]] = field(default_factory=dict)
    tags: dict[int, list[str]] = field(default_factory=dict)
    marks: Marks = field(default_factory=Marks)


async def extras(session: AsyncSession, viewer: Viewer, posts: Iterable[Post]) -> Extras:
    """Files, names, tags, counts and `viewer`'s own marks for a page of posts (boosts: for what they boost)."""
    ids = list({shown_by(post).id for post in posts})
    if not ids:
        return Extras()
    found = Extras(marks=await marks(session, viewer, ids))
    asked = {"post_ids": ids}
    for file in await session.scalars(_FILES[isinstance(viewer, Staff)], asked):
        found.files.setdefault(file.post_id, []).append(file)
    for mention in await session.scalars(_MENTIONS, asked):
        found.mentions.setdefault(mention.post_id, []).append(mention.actor)
    for post_id, name in await session.execute(_TAGS, asked):
        found.tags.setdefault(post_id, []).append(name)
    return found


def _files(revision: Any) -> Select[Attachment]:
    return (
        select(Attachment)
        .join(Post, Post.id == Attachment.post_id)
        .where(Attachment.post_id.in_(_IDS), Attachment.revision == revision)
        .options(joinedload(Attachment.media))
        .order_by(Attachment.post_id, Attachment.position)
    )


_FILES = {True: _files(Post.revision), False: _files(Post.published_revision)}  # for staff, and for outside
_MENTIONS = (
    select(Mention).where(Mention.post_id.in_(_IDS)).options(joinedload(Mention.actor)).order_by(Mention.actor_id)
)
_TAGS = select(PostTag.post_id, PostTag.name).where(PostTag.post_id.in_(_IDS)).order_by(PostTag.name)


async def history(session: AsyncSession, viewer: Viewer, post: Post) -> Sequence[Revision]:
    """What a post said, oldest first; outside only the revision that left."""
    revisions = select(Revision).where(Revision.post_id == post.id).order_by(Revision.number)
    if not isinstance(viewer, Staff):
        revisions = revisions.where(Revision.number == post.published_revision)
    return (await session.scalars(revisions)).all()


async def released(session: AsyncSession, post_ids: Iterable[int]) -> dict[int, Revision]:
    """For each post that left, the revision that may be shown outside."""
    found = await session.scalars(_RELEASED, {"post_ids": list(post_ids)})
    return {revision.post_id: revision for revision in found}


_RELEASED = (
    select(Revision)
    .join(Post, (Post.id == Revision.post_id) & (Post.published_revision == Revision.number))
    .where(Revision.post_id.in_(_IDS))
)


async def recipients(session: AsyncSession, post_ids: Iterable[int]) -> dict[int, list[Actor]]:
    """The people that some posts are for by name."""
    rows = await session.execute(
        select(Recipient.post_id, Actor)
        .join(Actor, Actor.id == Recipient.actor_id)
        .where(Recipient.post_id.in_(list(post_ids)))
        .order_by(Recipient.post_id, Actor.id)
    )
    named: dict[int, list[Actor]] = {}
    for post_id, actor in rows:
        named.setdefault(post_id, []).append(actor)
    return named


async def published(session: AsyncSession, post: Post) -> Revision:
    """The revision that may be shown outside. Raises NotFound when none left."""
    if post.published_revision is None:
        raise NotFound(post_id=post.id)
    return await session.get_one(Revision, (post.id, post.published_revision))


async def files_of(session: AsyncSession, post_id: int, revision: int) -> Sequence[Attachment]:
    found = await session.scalars(
        select(Attachment)
        .where(Attachment.post_id == post_id, Attachment.revision == revision)
        .options(selectinload(Attachment.media))
        .order_by(Attachment.position)
    )
    return found.all()
