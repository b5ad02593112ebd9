"""A post in a group of ours as the group itself says it to microblogs (GRP-16): a Note that names who wrote it."""

import html
from datetime import datetime

from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from federation.documents.post import files
from federation.documents.post import poll as polled
from federation.documents.post.rendering import gather, mention, without_tables
from federation.documents.refusals import StaysHere
from federation.vocabulary import Document, format_date
from models import copies, polls
from models.base import now
from models.instance import Instance, instance_of
from models.posts import departing, reading
from models.tables import Actor, Attachment, Copy, Group, Poll, Post, PostTag, Reach, Revision

_WROTE = {"de": "schrieb"}


class Spoken(Struct, frozen=True, kw_only=True):
    """What a copy says: one revision that may leave, who wrote it, and where it stands in the thread over there."""

    copy: Copy
    post: Post
    revision: Revision
    author: Actor
    group: Actor
    tags: tuple[str, ...] = ()
    files: tuple[Attachment, ...] = ()
    changed_at: datetime | None = None
    parent_uri: str | None = None
    answered: Actor | None = None
    poll: Poll | None = None


async def gather_copy(session: AsyncSession, copy: Copy) -> Spoken:
    """Collect what a copy says now: of ours the published revision, of others what they wrote last.

    Raises:
        StaysHere: the post must not leave (see `rendering.gather`), or is gone.
    """
    post = await departing.by_id(session, copy.post_id)
    group = await session.get_one(Group, copy.group_id)
    if post is None or post.deleted_at is not None or post.removed_at is not None or group.reach is Reach.INTERNAL:
        raise StaysHere(post_id=copy.post_id, reason="gone_or_closed")
    place = await session.get_one(Actor, group.id)
    parent_uri, answered = await _answered(session, post)
    if post.is_local:
        leaving = await gather(session, post)
        return Spoken(
            copy=copy,
            post=post,
            revision=leaving.revision,
            author=leaving.author,
            group=place,
            tags=leaving.tags,
            files=leaving.files,
            changed_at=leaving.changed_at,
            parent_uri=parent_uri,
            answered=answered,
            poll=leaving.poll,
        )
    revision = await departing.newest(session, post)
    tags = await session.scalars(select(PostTag.name).where(PostTag.post_id == post.id).order_by(PostTag.name))
    return Spoken(
        copy=copy,
        post=post,
        revision=revision,
        author=await session.get_one(Actor, post.author_id),
        group=place,
        tags=tuple(tags),
        files=tuple(await reading.files_of(session, post.id, post.revision)),
        changed_at=post.edited_at,
        parent_uri=parent_uri,
        answered=answered,
        poll=await polls.of_revision(session, revision),
    )


async def _answered(session: AsyncSession, post: Post) -> tuple[str | None, Actor | None]:
    """What the copy answers over there: another copy, or the very post where its author lives with copies himself."""
    parent = await departing.by_id(session, post.reply_to_id)
    if parent is None or parent.deleted_at is not None or parent.removed_at is not None:
        return None, None
    author = await session.get_one(Actor, parent.author_id)
    lives_there = author.host in await copies.hosts(session, post.group_id or 0)
    copied = await copies.of(session, parent.id)
    if copied is not None:
        return copied.uri, author if lives_there else None
    return (parent.uri, author) if lives_there else (None, None)


def render_copy(spoken: Spoken, instance: Instance) -> Document:
    """The document of a copy, for followers of the group: its own ones, which is what microblogs show."""
    revision, answered = spoken.revision, spoken.answered
    followers = spoken.group.followers_uri or f"{spoken.group.uri}/followers"
    content = _content(spoken, instance)
    document: Document = {
        "id": spoken.copy.uri,
        "type": "Note",
        "attributedTo": spoken.group.uri,
        "to": [followers],
        "cc": [answered.uri] if answered is not None else [],
        "published": format_date(spoken.post.created_at),
        "url": spoken.copy.uri,
        "sensitive": revision.is_sensitive,
        "content": content,
        "mediaType": "text/html",
    }
    if spoken.changed_at is not None:
        document["updated"] = format_date(spoken.changed_at)
    if revision.warning:
        document["summary"] = html.escape(revision.warning)
    if revision.language:
        document["contentMap"] = {revision.language: content}
    if spoken.parent_uri is not None:
        document["inReplyTo"] = spoken.parent_uri
    document["tag"] = [
        *([mention(answered, instance)] if answered is not None else []),
        *({"type": "Hashtag", "href": instance.url(f"/tags/{name}"), "name": f"#{name}"} for name in spoken.tags),
    ]
    document["attachment"] = files.render(spoken.files, instance, opens=True)  # most microblogs sign none of these
    document["interactionPolicy"] = {"canQuote": {"automaticApproval": [spoken.group.uri]}}
    if spoken.poll is not None and spoken.post.is_local:  # votes in polls of others would end here
        document |= {"type": "Question"} | polled.render(spoken.poll, now=now())
    return document


def _content(spoken: Spoken, instance: Instance) -> str:
    author, revision = spoken.author, spoken.revision
    wrote = _WROTE.get((revision.language or "").partition("-")[0].lower(), "wrote")
    who = f"{author.shown_name} (@{author.username}@{author.host or instance.host})"
    title = f"<p><strong>{html.escape(revision.title)}</strong></p>" if revision.title else ""
    return f"<p>{html.escape(who)} {wrote}:</p>{title}{without_tables(revision.html)}{_answers(spoken)}"


def _answers(spoken: Spoken) -> str:
    """What somebody else's poll offers, to be read at least."""
    if spoken.poll is None or spoken.post.is_local:
        return ""
    return f"<ul>{''.join(f'<li>{html.escape(option.title)}</li>' for option in spoken.poll.options)}</ul>"


async def document_of(session: AsyncSession, copy: Copy) -> Document:
    """The document of a copy as of now. Raises StaysHere."""
    return render_copy(await gather_copy(session, copy), instance_of(session))
