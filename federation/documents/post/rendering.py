"""Makes the document of a post of ours, from the one revision that may be shown outside.

`gather` is the hard stop (R-72): it raises for whatever must stay in the house, so that no caller can render it by
mistake. What it returns holds the published revision's words, names, tags and files only; a later revision that still
waits at a gate shows through nowhere.
"""

import html
import re
from datetime import datetime

from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from federation.documents import members
from federation.documents.addressing import Addressing
from federation.documents.post import files, interaction, quote
from federation.documents.post import poll as polled
from federation.documents.refusals import StaysHere
from federation.vocabulary import PUBLIC, Document, format_date
from models import actors, emoji, polls, quotes
from models.base import now
from models.instance import Instance, instance_of
from models.posts import departing, reading
from models.tables import (
    Actor,
    ActorType,
    Attachment,
    Emoji,
    Group,
    Membership,
    MemberState,
    Mention,
    Poll,
    Post,
    PostTag,
    Reach,
    Revision,
    Visibility,
)
from models.text import markdown
from models.text.clean import fold_tag
from models.text.sanitise import excerpt, to_plain

_EXCERPT = 300
_PREVIEW = 500


class Leaving(Struct, frozen=True, kw_only=True):
    """One revision of a post that may leave, with all that its document says.

    `named` are those whose identity leaves with it beside the author's; `reach` is the narrower of the post's and its
    group's of today.
    """

    post: Post
    revision: Revision
    author: Actor
    reach: Reach
    group: Actor | None = None
    parent: Post | None = None
    parent_author: Actor | None = None
    named: tuple[Actor, ...] = ()
    tags: tuple[str, ...] = ()
    emoji: tuple[Emoji, ...] = ()
    files: tuple[Attachment, ...] = ()
    changed_at: datetime | None = None
    addressing: Addressing
    poll: Poll | None = None
    takes_replies: bool = True
    quoted: quote.Quoted | None = None
    approved_by: str | None = None

    @property
    def is_public(self) -> bool:
        return self.addressing.is_public


async def render(session: AsyncSession, post: Post, revision: Revision | None = None) -> Document:
    """The document of a post of ours without `@context`; `revision` is the published one, looked up unless given.

    Raises:
        StaysHere: it must not leave (see `gather`).
    """
    return render_leaving(await gather(session, post, revision), instance_of(session))


async def gather(session: AsyncSession, post: Post, revision: Revision | None = None) -> Leaving:
    """Collect what the document of a post says.

    Raises:
        StaysHere: the post is not ours, is deleted, was never released, is for this company only, or `revision` is
            not the one that was released.
    """
    group = await session.get(Group, post.group_id) if post.group_id is not None else None
    reach = post.reach if group is None else post.reach.narrowed(group.reach)
    _refuse_what_stays(post, revision, reach)
    revision = revision or await reading.published(session, post)
    author = await session.get_one(Actor, post.author_id)
    place = await session.get_one(Actor, group.id) if group is not None else None
    parent = await departing.answered(session, post)
    parent_author = await session.get(Actor, parent.author_id) if parent is not None else None
    named, tags = await _names_and_tags(session, post, revision)
    named = await _readers_among(session, named, post, reach, place)
    answered = parent_author if post.visibility is not Visibility.DIRECT else None  # is among the recipients there
    quoting = await quotes.leaving(session, post)
    answering = await quotes.answering(session, post) if parent is not None and not parent.is_local else None
    poll = await polls.of_revision(session, revision)
    titles = [option.title for option in poll.options] if poll is not None else []
    return Leaving(
        post=post,
        revision=revision,
        author=author,
        reach=reach,
        group=place,
        parent=parent,
        parent_author=parent_author,
        named=named,
        tags=tags,
        emoji=tuple(await emoji.rows_in(session, revision.title, revision.source, revision.warning, *titles)),
        files=tuple(await reading.files_of(session, post.id, revision.number)),
        changed_at=await departing.changed_at(session, post, revision),
        addressing=_address(post, reach=reach, author=author, group=place, others=(answered, *named)),
        poll=poll,
        quoted=quote.Quoted.of(*quoting) if quoting is not None else None,
        approved_by=answering.stamp_uri if answering is not None else None,
        takes_replies=post.locked_at is None and (group is None or group.archived_at is None),
    )


def _refuse_what_stays(post: Post, revision: Revision | None, reach: Reach) -> None:
    if not post.is_local or post.deleted_at is not None or post.boost_of_id is not None:
        raise StaysHere(post_id=post.id, reason="not_ours_or_gone")
    if post.removed_at is not None:
        raise StaysHere(post_id=post.id, reason="removed")
    if reach is Reach.INTERNAL or post.visibility is Visibility.COMPANY:
        raise StaysHere(post_id=post.id, reason="internal")
    if post.published_revision is None:
        raise StaysHere(post_id=post.id, reason="not_released")
    if revision is not None and (revision.post_id, revision.number) != (post.id, post.published_revision):
        raise StaysHere(post_id=post.id, reason="another_revision")


async def _names_and_tags(
    session: AsyncSession, post: Post, revision: Revision
) -> tuple[tuple[Actor, ...], tuple[str, ...]]:
    """Whom and what the revision names. The tables know it of the newest revision only; an older one is read again."""
    if revision.number == post.revision:
        named = await session.scalars(
            select(Actor)
            .join(Mention, Mention.actor_id == Actor.id)
            .where(Mention.post_id == post.id)
            .order_by(Actor.id)
        )
        tags = await session.scalars(select(PostTag.name).where(PostTag.post_id == post.id).order_by(PostTag.name))
        return tuple(named), tuple(tags)
    known = await actors.by_handles(session, markdown.find_mentions(revision.source))
    links = {handle: markdown.Mention(url=actor.url, handle=handle) for handle, actor in known.items()}
    rendered = markdown.render(revision.source, mentions=links, tag_url=lambda tag: tag)
    named_then = {known[handle].id: known[handle] for handle in rendered.mentions if handle in known}
    return tuple(named_then.values()), tuple(sorted({fold_tag(tag) for tag in rendered.hashtags}))


async def _readers_among(
    session: AsyncSession, named: tuple[Actor, ...], post: Post, reach: Reach, place: Actor | None
) -> tuple[Actor, ...]:
    """Those of the named who get the post: to others a mention must not say that there is something (ADR-4).

    A direct message names everybody it is for, because that alone makes microblogs tell them.
    """
    if post.visibility is Visibility.DIRECT:
        people = tuple((await reading.recipients(session, [post.id])).get(post.id, ()))
        return tuple(actor for actor in people if actor.id != post.author_id and actor.deleted_at is None)
    people = tuple(actor for actor in named if actor.type is not ActorType.GROUP and actor.deleted_at is None)
    if reach is Reach.PUBLIC or place is None or not people:
        return people
    readers = set(
        await session.scalars(
            select(Membership.actor_id).where(
                Membership.group_id == place.id,
                Membership.state == MemberState.MEMBER,
                Membership.actor_id.in_([actor.id for actor in people]),
            )
        )
    )
    # of a group elsewhere we know only our own members: who lives with the group sees it or is not told there
    return tuple(actor for actor in people if actor.id in readers or (place.host and actor.host == place.host))


def _address(
    post: Post,
    *,
    reach: Reach,
    author: Actor,
    group: Actor | None,
    others: tuple[Actor | None, ...],
) -> Addressing:
    """`to` says for whom the post is, `cc` who else is told: whom it answers and whom it names."""
    told = tuple(dict.fromkeys(actor.uri for actor in others if actor is not None and actor.id != author.id))
    followers = author.followers_uri or f"{author.uri}/followers"
    if group is not None:
        everyone = PUBLIC if reach is Reach.PUBLIC else group.followers_uri or f"{group.uri}/followers"
        return Addressing(to=(group.uri, everyone), cc=told, audience=(group.uri,))
    match post.visibility:
        case Visibility.PUBLIC:
            return Addressing(to=(PUBLIC,), cc=(followers, *told))
        case Visibility.UNLISTED:
            return Addressing(to=(followers,), cc=(PUBLIC, *told))
        case Visibility.FOLLOWERS:
            return Addressing(to=(followers,), cc=told)
        case _:
            return Addressing(to=told)


def render_leaving(leaving: Leaving, instance: Instance) -> Document:
    """The document of what `gather` collected; the same input gives the same document."""
    post, revision = leaving.post, leaving.revision
    type = _type(leaving)
    content = revision.html if type not in ("Note", "Question") else without_tables(revision.html)
    if leaving.quoted is not None:
        content = quote.inline(leaving.quoted) + content
    document: Document = {
        "id": post.uri,
        "type": type,
        "attributedTo": leaving.author.uri,
        "to": list(leaving.addressing.to),
        "cc": list(leaving.addressing.cc),
        "published": format_date(post.created_at),
        "url": post.url or post.uri,
        "sensitive": revision.is_sensitive,
    }
    if leaving.changed_at is not None:
        document["updated"] = format_date(leaving.changed_at)
    if revision.title:
        document["name"] = revision.title
    document |= _summary(leaving, type)
    if content:
        document["content"] = content
        document["mediaType"] = "text/html"
        if revision.language:
            document["contentMap"] = {revision.language: content}
    if revision.source:
        document["source"] = {"content": revision.source, "mediaType": "text/markdown"}
    if leaving.parent is not None:
        document["inReplyTo"] = leaving.parent.uri
    if leaving.group is not None:
        document["audience"] = leaving.group.uri
    if post.context_uri:
        document["context"] = post.context_uri
        if leaving.group is not None and leaving.group.is_local and not leaving.is_public:
            document["contextHistory"] = f"{post.context_uri}/history"  # GRP-15
    if post.locked_at is not None and leaving.group is not None:
        document["commentsEnabled"] = False  # GRP-13
    document["replies"] = _replies(f"{post.uri}/replies")
    document["tag"] = _tags(leaving, instance)
    document["attachment"] = files.render(leaving.files, instance)
    if leaving.quoted is not None:
        document |= quote.render(leaving.quoted)
    if leaving.approved_by is not None:
        document["approvedBy"] = leaving.approved_by
    if leaving.poll is not None:
        document |= polled.render(leaving.poll, now=now())
    document["interactionPolicy"] = interaction.render(
        post.interaction, leaving.author, is_public=leaving.is_public, takes_replies=leaving.takes_replies
    )
    return document


def _replies(uri: str) -> Document:
    """The collection with its first page inside: GoToSocial reads a thread no other way (COL-6)."""
    first = {"type": "CollectionPage", "partOf": uri, "next": f"{uri}?page=true", "items": []}
    return {"id": uri, "type": "Collection", "first": first}


def _type(leaving: Leaving) -> str:
    """Servers of forums want a Page, which never answers anything; microblogs show in full only a Note."""
    if leaving.poll is not None:
        return "Question"
    if not leaving.revision.title or leaving.post.reply_to_id is not None:
        return "Note"
    return "Page" if leaving.group is not None else "Article"


def _summary(leaving: Leaving, type: str) -> Document:
    revision = leaving.revision
    if revision.warning:
        return {"summary": html.escape(revision.warning)}
    if type in ("Note", "Question"):
        return {}
    plain = to_plain(revision.html)
    beginning = excerpt(plain, _PREVIEW)
    if not beginning:
        return {}
    return {
        "summary": html.escape(excerpt(plain, _EXCERPT)),
        "preview": {"type": "Note", "content": f"<p>{html.escape(beginning)}</p>"},
    }


def _tags(leaving: Leaving, instance: Instance) -> list[Document]:
    answered = leaving.parent_author
    people = [answered, *leaving.named] if answered is not None else leaving.named
    tags: dict[str, Document] = {}
    if leaving.group is not None:  # GRP-14: microblogs then address the group in their replies
        tags[leaving.group.uri] = mention(leaving.group, instance)
    for actor in people:
        if actor.uri in leaving.addressing.everyone:
            tags.setdefault(actor.uri, mention(actor, instance))
    hashtags: list[Document] = [
        {"type": "Hashtag", "href": instance.url(f"/tags/{name}"), "name": f"#{name}"} for name in leaving.tags
    ]
    links = [quote.link(leaving.quoted)] if leaving.quoted is not None else []
    pictures = [members.emoji_tag(row) for row in leaving.emoji]
    return [*tags.values(), *hashtags, *pictures, *links]


def mention(actor: Actor, instance: Instance) -> Document:
    return {"type": "Mention", "href": actor.uri, "name": f"@{actor.username}@{actor.host or instance.host}"}


_CELL_END = re.compile(r"</t[dh]>\s*<t[dh]>")
_ROW_END = re.compile(r"</tr>\s*(?:</thead>\s*)?(?:<tbody>\s*)?(?=<tr>)")
_TABLE_PART = re.compile(r"</?(?:thead|tbody|tr|td|th)>")


def without_tables(content: str) -> str:
    """Tables as lines of text with bars between the cells: many readers drop the tags and keep the words (CNT-2).

    The input is what our own cleaner wrote, so tags are balanced and carry no attributes here.
    """
    if "<table>" not in content:
        return content
    lines = _ROW_END.sub("<br>", _CELL_END.sub(" | ", content))
    return _TABLE_PART.sub("", lines).replace("<table>", "<p>").replace("</table>", "</p>")
