"""Taking in posts from elsewhere. The wire has checked who speaks and cleaned the text; here it meets our rules."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from msgspec import Struct, field
from sqlalchemy import String, Table, bindparam, insert, select
from sqlalchemy import delete as sql_delete
from sqlalchemy.ext.asyncio import AsyncSession

from models import emoji, journal, polls, tombstones
from models.base import id_near, now
from models.direct import Direct, usual_of
from models.instance import instance_of
from models.polls import RemotePoll
from models.posts.writing import erase
from models.prepared import padded
from models.tables import (
    Actor,
    Attachment,
    Block,
    Copy,
    EmojiReaction,
    Featured,
    Follow,
    Group,
    Key,
    Like,
    Media,
    MediaKind,
    Membership,
    Mention,
    Post,
    PostKind,
    PostTag,
    Reach,
    Recipient,
    Revision,
    Visibility,
)
from models.text.clean import fold_tag, shorten_text

_TITLE = 500
_FRESH = timedelta(days=2)
_EARLIEST = datetime(1971, 1, 1, tzinfo=UTC)  # what claims to be older gets no id below nought
_STEP = timedelta(milliseconds=1)
_URI = bindparam("uri", type_=String)
_AT = select(Post).where(Post.uri == _URI)
_BEHIND = select(Post).where(Post.url == _URI, Post.boost_of_id.is_(None))
_COPIED_AT = select(Post).join(Copy, Copy.post_id == Post.id).where(Copy.uri == _URI)
_TAKEN = Direct(select(Post.id).where(Post.id.in_(bindparam("ids", expanding=True))))


class RemoteFile(Struct, frozen=True, kw_only=True):
    url: str
    media_type: str
    description: str = ""
    width: int | None = None
    height: int | None = None
    blurhash: str | None = None
    focus: tuple[float, float] = (0.0, 0.0)
    duration: float | None = None
    preview_url: str | None = None

    @property
    def kind(self) -> MediaKind:
        kinds = {"image": MediaKind.IMAGE, "video": MediaKind.VIDEO, "audio": MediaKind.AUDIO}
        return kinds.get(self.media_type.partition("/")[0], MediaKind.UNKNOWN)


class RemotePost(Struct, frozen=True, kw_only=True):
    """A post elsewhere, parsed and cleaned. `named` and `recipients` are actors we know."""

    uri: str
    url: str | None
    author: Actor
    visibility: Visibility
    html: str
    source: str = ""
    kind: PostKind = PostKind.NOTE
    group: Group | None = None
    title: str = ""
    warning: str = ""
    is_sensitive: bool = False
    language: str | None = None
    reply_to_uri: str | None = None
    context_uri: str | None = None
    published: datetime | None = None
    updated: datetime | None = None
    files: Sequence[RemoteFile] = ()
    tags: Sequence[str] = ()
    named: Sequence[Actor] = ()
    recipients: Sequence[Actor] = ()
    poll: RemotePoll | None = None
    interaction: str | None = None
    emoji: Mapping[str, str] = field(default_factory=dict)


async def receive(session: AsyncSession, told: RemotePost) -> Post | None:
    """Store a post from elsewhere, once: None when it is there already or was deleted (R-60, R-61).

    A reply takes the group and, where it would be wider, the visibility of its parent (ADR-4).
    """
    if await session.scalar(select(Post.id).where(Post.uri == told.uri)) is not None:
        return None
    if await tombstones.is_buried(session, told.uri):
        return None
    parent = await by_uri(session, told.reply_to_uri) if told.reply_to_uri else None
    if parent is not None and parent.deleted_at is not None:
        parent = None
    [post_id] = await _new_ids(session, [told.published])
    post = Post(**_values(session, told, parent, post_id))
    post.emoji = await emoji.keep(session, told.author.host, told.emoji)
    session.add(post)
    await session.flush()
    await _fill(session, post, told)
    if told.poll is not None:
        await polls.receive(session, post, told.poll)
    people = {actor.id for actor in told.recipients}
    session.add_all([Recipient(post_id=post.id, actor_id=person) for person in people])
    await session.flush()
    journal.record(session, journal.PostWritten(post.id))
    return post


async def receive_texts(session: AsyncSession, told: Sequence[RemotePost]) -> list[Post]:
    """Store posts that are nothing but a text, its tags and whom it names, none of which is here or was deleted; all at
    once."""
    ids = await _new_ids(session, [one.published for one in told])
    rows = [_values(session, one, None, post_id) for one, post_id in zip(told, ids, strict=True)]
    at = now()
    await _NEW_POSTS.for_each(session, [{**_USUAL, "emoji": [], **row} for row in rows])
    first = {"number": 1, "poll_id": None, "created_at": at}
    revisions = [{"post_id": row["id"], **first, **{name: row[name] for name in _REVISED}} for row in rows]
    await _NEW_REVISIONS.for_each(session, revisions)
    for statement, hanging in ((_NEW_TAGS, _tags), (_NEW_MENTIONS, _mentions)):
        found = [each for row, one in zip(rows, told, strict=True) for each in hanging(row["id"], one)]
        if found:
            await statement.for_each(session, found)
    await journal.record_all(session, [journal.PostWritten(row["id"]) for row in rows])
    return [Post(revision=1, **row) for row in rows]


_NEW_POSTS, _NEW_REVISIONS, _NEW_TAGS, _NEW_MENTIONS = (
    Direct(insert(cast(Table, kind.__table__))) for kind in (Post, Revision, PostTag, Mention)
)  # no rows come back: the session has nothing to do with them
_USUAL = usual_of(cast(Table, Post.__table__))
_REVISED = ("title", "source", "html", "warning", "is_sensitive", "language")


async def is_known(session: AsyncSession, uris: Sequence[str]) -> set[str]:
    """Those of `uris` that are stored here or never come again."""
    stored = {uri for [uri] in await _KNOWN(session, {"uris": padded(uris)})}
    return {*stored, *await tombstones.buried(session, uris)}


_KNOWN = Direct(select(Post.uri).where(Post.uri.in_(bindparam("uris", expanding=True))))


def _values(session: AsyncSession, told: RemotePost, parent: Post | None, post_id: int) -> dict[str, Any]:
    """The row of a new post. An address of ours as its page or its thread counts for nothing (R-13): the page would be
    that of another post, and a thread of ours has what answers in it."""
    visibility, group_id, reach = _placed(told, parent)
    ours = instance_of(session).owns
    context_uri, url = (None if uri is None or ours(uri) else uri for uri in (told.context_uri, told.url))
    created_at = max(min(told.published or now(), now()), _EARLIEST)
    return {
        "id": post_id,
        "uri": told.uri,
        "url": url,
        "is_local": False,
        "author_id": told.author.id,
        "group_id": group_id,
        "kind": told.kind,
        "visibility": visibility,
        "reach": reach,
        "reply_to_id": parent.id if parent else None,
        "reply_to_uri": told.reply_to_uri,
        "thread_id": (parent.thread_id or parent.id) if parent else post_id,
        "context_uri": context_uri or (parent.context_uri if parent else None),
        "created_at": created_at,
        "edited_at": told.updated if told.updated is not None and told.updated > created_at else None,
        **_said(told),
    }


async def _new_ids(session: AsyncSession, times: Sequence[datetime | None]) -> list[int]:
    """An id for each time that nothing has yet and that sorts by it, which others tell to the second only.

    An old post keeps its place in time; a fresh one is news whatever its clock says, and so is one without a time.
    Where a millisecond is crowded, the next one will do.
    """
    moment = now()
    found: dict[int, None] = {}
    later = timedelta(0)
    while len(found) < len(times):
        asked = [max(min(time or moment, moment), _EARLIEST) for time in times[len(found) :]]
        wanted = [id_near((time if moment - time > _FRESH else moment) + later) for time in asked]
        taken = {number for [number] in await _TAKEN(session, {"ids": padded(wanted)})}
        for number in wanted:
            if number in taken or number in found:
                later += _STEP
                break
            found[number] = None
    return list(found)


def _placed(told: RemotePost, parent: Post | None) -> tuple[Visibility, int | None, Reach]:
    for_some = told.visibility in (Visibility.DIRECT, Visibility.FOLLOWERS)
    if parent is not None and parent.group_id is not None and not for_some:
        return Visibility.GROUP, parent.group_id, parent.reach
    if told.group is not None:
        return Visibility.GROUP, told.group.id, told.group.reach
    if told.visibility in (Visibility.PUBLIC, Visibility.UNLISTED):
        return told.visibility, None, Reach.PUBLIC
    return told.visibility, None, Reach.PARTNERS


def _said(told: RemotePost) -> dict[str, Any]:
    return {
        "title": shorten_text(told.title, limit=_TITLE),
        "source": told.source,
        "html": told.html,
        "warning": shorten_text(told.warning, limit=_TITLE),
        "is_sensitive": told.is_sensitive,
        "language": told.language,
        "interaction": told.interaction,
    }


async def _fill(session: AsyncSession, post: Post, told: RemotePost) -> None:
    session.add(_revision(post))
    for position, file in enumerate(told.files):
        media = Media(
            actor_id=told.author.id,
            kind=file.kind,
            media_type=file.media_type,
            remote_url=file.url,
            remote_preview_url=file.preview_url if file.kind.plays else None,
            duration=file.duration,
            width=file.width,
            height=file.height,
            blurhash=file.blurhash,
            focus_x=file.focus[0],
            focus_y=file.focus[1],
            description=file.description,
        )
        session.add(media)
        await session.flush()
        session.add(
            Attachment(
                post_id=post.id,
                revision=post.revision,
                position=position,
                media_id=media.id,
                description=file.description,
            )
        )
    session.add_all([Mention(**row) for row in _mentions(post.id, told)])
    session.add_all([PostTag(**row) for row in _tags(post.id, told)])
    await session.flush()


def _revision(post: Post) -> Revision:
    return Revision(
        post_id=post.id,
        number=post.revision or 1,
        title=post.title,
        source=post.source,
        html=post.html,
        warning=post.warning,
        is_sensitive=post.is_sensitive,
        language=post.language,
    )


def _mentions(post_id: int, told: RemotePost) -> list[dict[str, Any]]:
    return [{"post_id": post_id, "actor_id": person} for person in {actor.id for actor in told.named}]


def _tags(post_id: int, told: RemotePost) -> list[dict[str, Any]]:
    tags = {fold_tag(tag): tag for tag in told.tags}
    return [{"post_id": post_id, "name": name, "shown": shown} for name, shown in tags.items() if name]


async def receive_edit(session: AsyncSession, post: Post, told: RemotePost) -> bool:
    """Replace what a post from elsewhere says; False when what we have is as new (R-62). Its audience never changes."""
    if told.updated is None or told.updated <= (post.edited_at or post.created_at):
        return False
    await session.execute(sql_delete(Mention).where(Mention.post_id == post.id))
    await session.execute(sql_delete(PostTag).where(PostTag.post_id == post.id))
    post.revision += 1
    post.edited_at = told.updated
    post.emoji = await emoji.keep(session, told.author.host, told.emoji)
    for name, value in _said(told).items():
        setattr(post, name, value)
    await _fill(session, post, told)
    if told.poll is not None or post.kind is PostKind.QUESTION:
        await polls.receive_revision(session, post, told.poll)
    journal.record(session, journal.PostEdited(post.id, post.revision))
    return True


async def receive_boost(
    session: AsyncSession, *, by: Actor, post: Post, uri: str, published: datetime | None
) -> Post | None:
    """Somebody elsewhere boosts a post that everybody may see; None when it is known or not to be spread (R-17)."""
    if post.visibility not in (Visibility.PUBLIC, Visibility.UNLISTED) and post.reach is not Reach.PUBLIC:
        return None
    known = select(Post).where(
        (Post.uri == uri) | ((Post.boost_of_id == post.id) & (Post.author_id == by.id) & Post.deleted_at.is_(None))
    )
    for before in await session.scalars(known):
        if before.deleted_at is None or before.author_id != by.id or before.boost_of_id is None:
            return None
        before.uri = f"{before.uri}#before-{before.id}"  # it was taken back, and its author uses the id again
        await session.flush()
    [post_id] = await _new_ids(session, [published])
    made = Post(
        id=post_id,
        uri=uri,
        url=post.url,
        is_local=False,
        author_id=by.id,
        group_id=post.group_id,
        visibility=post.visibility,
        reach=post.reach,
        boost_of_id=post.id,
    )
    session.add(made)
    await session.flush()
    journal.record(session, journal.PostWritten(made.id))
    return made


async def receive_deletion(session: AsyncSession, uri: str, *, host: str, by_handle: str) -> bool:
    """What `uri` names is gone at its home: gone here too, and it never comes back; whether we had it (R-61)."""
    post = await by_uri(session, uri)
    if post is None:
        await tombstones.expect(session, uri, host=host)
        return False
    await tombstones.bury(session, uri, host=host)
    if post.is_local or post.deleted_at is not None:
        return False
    if post.boost_of_id is not None:
        await receive_unboost(session, post)
    else:
        await erase(session, post, by_handle=by_handle)
    return True


async def receive_unboost(session: AsyncSession, boost: Post) -> None:
    """Whoever boosted elsewhere takes it back."""
    boost.deleted_at = now()
    journal.record(session, journal.PostDeleted(boost.id, boost.uri))
    await session.flush()


async def receive_echo(session: AsyncSession, uri: str, *, group: Group) -> bool:
    """A group elsewhere passed on a post of ours: its members have it now; False when it is not of that group."""
    post = await by_uri(session, uri)
    if post is None or not post.is_local or post.group_id != group.id:
        return False
    if post.distributed_at is None:
        post.distributed_at = now()
        await session.flush()
    return True


async def receive_end(session: AsyncSession, actor: Actor) -> None:
    """An actor elsewhere is no more: what it wrote, whom it followed and where it belonged go with it."""
    posts = await session.scalars(select(Post.uri).where(Post.author_id == actor.id, Post.deleted_at.is_(None)))
    for uri in posts.all():
        await receive_deletion(session, uri, host=actor.host, by_handle=actor.handle)
    follows = (Follow.follower_id == actor.id) | (Follow.followee_id == actor.id)
    await session.execute(sql_delete(Follow).where(follows))
    await session.execute(sql_delete(Membership).where(Membership.actor_id == actor.id))
    for table in (Like, EmojiReaction, Featured, Block):
        await session.execute(sql_delete(table).where(table.actor_id == actor.id))
    await session.execute(sql_delete(Block).where(Block.target_id == actor.id))
    await session.execute(sql_delete(Key).where(Key.actor_id == actor.id))
    group = await session.get(Group, actor.id)
    if group is not None:
        group.archived_at = now()
    await tombstones.bury(session, actor.uri, host=actor.host)
    actor.display_name = actor.about_html = ""
    actor.fields = []
    actor.avatar_url = actor.header_url = None
    actor.deleted_at = now()
    await session.flush()


async def by_uri(session: AsyncSession, uri: str) -> Post | None:
    """A post by its wire id; by its page's address, or as a group of ours speaks of it (GRP-16), where that is ours."""
    asked = {"uri": uri}
    post = await session.scalar(_AT, asked)
    if post is None and instance_of(session).owns(uri):
        post = await session.scalar(_BEHIND, asked)
        if post is None:
            post = await session.scalar(_COPIED_AT, asked)
    return post
