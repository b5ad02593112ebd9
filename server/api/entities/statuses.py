"""Mastodon's Status. What a post says is encoded once; account, counts and the viewer's own marks are spliced in."""

import html
from typing import Any

from aiohttp import web
from msgspec import Struct

from models import link_cards
from models.posts.outlines import Content, Marks
from models.tables import Actor, Post, Reach, Visibility
from server import media
from server.api.answers import encoded
from server.api.entities import emojis
from server.api.entities.attachments import attachment
from server.api.entities.quotes import Approval, approval
from server.api.entities.times import instant, maybe
from server.context import CONFIG, DATABASE

_TRUE, _FALSE = b"true", b"false"


class KeptStatus(Struct, frozen=True):
    """A post as JSON without its last brace. `application` is for its author alone; `poll_id` is what it asks, `quotes`
    whether it quotes anything, and `approval` says who may quote it."""

    head: bytes
    application: bytes
    is_boost: bool
    poll_id: int | None
    quotes: bool
    approval: Approval
    thread_id: int
    is_pinnable: bool
    link: str | None = None
    """The page it links to first, whose card may go along."""
    elsewhere: tuple[str, ...] = ()
    """Where its files are of which we have copies at most."""
    unfit: frozenset[str] = frozenset()
    """Those among them that we cannot show, as `head` says."""


def keep(app: web.Application, content: Content, *, outside: bool) -> KeptStatus:
    """Encode what is the same for everybody in the house who may read it, or for everybody outside."""
    elsewhere = tuple(file.media.remote_url for file in content.files if file.media.remote_url is not None)
    application = b"null"
    if content.application is not None:
        application = encoded({"name": content.application.name, "website": content.application.website})
    return KeptStatus(
        head=encoded(status(app, content, outside=outside))[:-1],
        application=application,
        is_boost=content.post.boost_of_id is not None,
        poll_id=content.poll_id,
        quotes=content.quotes,
        approval=approval(content),
        thread_id=content.post.thread_id or content.post.id,
        is_pinnable=content.post.visibility is not Visibility.DIRECT,
        link=link_cards.link_of(content.post, content.said.html, app[DATABASE].instance),
        elsewhere=elsewhere,
        unfit=media.unfit(app, elsewhere),
    )


def status(app: web.Application, content: Content, *, outside: bool) -> dict[str, Any]:
    """A post without its account, counts and marks; a boost without what it boosts.

    Outside nobody learns how far it got at the gate.
    """
    post, said = content.post, content.said
    is_boost = post.boost_of_id is not None
    return {
        "id": str(post.id),
        "uri": post.uri,
        "url": post.url or post.uri,
        "created_at": instant(post.created_at),
        "edited_at": maybe(said.created_at if said is not post else post.edited_at) if content.edited else None,
        "in_reply_to_id": _id(post.reply_to_id) if content.reply_author_id is not None else None,
        "in_reply_to_account_id": _id(content.reply_author_id),
        "sensitive": said.is_sensitive,
        "spoiler_text": said.warning,
        "visibility": visibility(post, content.group.reach if content.group else None),
        "local_only": _is_local_only(post, content.group.reach if content.group else None),
        "language": said.language,
        "content": "" if is_boost else body(said.title, said.html),
        "media_attachments": [attachment(app, file.media, file.description) for file in content.files],
        "mentions": [mention(actor) for actor in content.mentions],
        "tags": [{"name": tag, "url": f"{app[CONFIG].base_url}/tags/{tag}"} for tag in content.tags],
        "emojis": emojis.used_in(app, post, said.title, said.html, said.warning),
        "kontor": None if outside else _kontor(content),
    }


def _kontor(content: Content) -> dict[str, Any]:
    """What Mastodon has no word for."""
    post, group = content.post, content.group
    return {
        "reach": str(post.reach.narrowed(group.reach) if group else post.reach),
        "group": group.actor.handle if group else None,
        "group_id": str(group.id) if group else None,
        "state": _state(post),
    }


def _id(number: int | None) -> str | None:
    return None if number is None else str(number)


def body(title: str, text: str) -> str:
    """The text as clients show it: they know no titles, so one goes first."""
    return f"<p><strong>{html.escape(title)}</strong></p>{text}" if title else text


def mention(actor: Actor) -> dict[str, str]:
    return {"id": str(actor.id), "username": actor.username, "url": actor.url, "acct": actor.handle}


def visibility(post: Post, group_reach: Reach | None) -> str:
    """The word clients know for whom a post is: only what everybody may read outside is public in a group."""
    match post.visibility:
        case Visibility.GROUP:
            reach = post.reach.narrowed(group_reach) if group_reach else post.reach
            return "public" if reach is Reach.PUBLIC else "private"
        case Visibility.DIRECT:
            return "direct"
        case Visibility.FOLLOWERS:
            return "private"
        case Visibility.UNLISTED:
            return "unlisted"
        case _:
            return "public"


def _is_local_only(post: Post, group_reach: Reach | None) -> bool:
    reach = post.reach.narrowed(group_reach) if group_reach else post.reach
    return post.is_local and reach is Reach.INTERNAL


def _state(post: Post) -> str:
    """How far a post of ours got: it stays, it waits at the gate, it left, or an older text of it did."""
    if not post.is_local:
        return "received"
    if post.published_revision == post.revision:
        return "released"
    if post.published_revision is not None:
        return "outdated"
    is_held = post.visibility is Visibility.GROUP and post.reach is not Reach.INTERNAL
    return "held" if is_held and post.boost_of_id is None else "internal"


# Splicing


class Parts(Struct, frozen=True, kw_only=True):
    """What is true of a post for one viewer now, as JSON; `own` for its author."""

    account: bytes
    own: bool
    approval: bytes
    poll: bytes = b"null"
    quote: bytes = b"null"
    card: bytes = b"null"
    filtered: bytes = b"[]"


def spliced(kept: KeptStatus, parts: Parts, marks: Marks, post_id: int) -> bytes:
    """A whole Status."""
    return b"".join(
        (
            kept.head,
            b',"account":',
            parts.account,
            _counted(marks, post_id, kept.thread_id),
            _of_author(kept, marks, post_id) if parts.own else b',"application":null',
            b',"poll":%s,"quote":%s,"card":%s' % (parts.poll, parts.quote, parts.card),
            b',"filtered":%s,"quote_approval":%s,"reblog":null}' % (parts.filtered, parts.approval),
        )
    )


def _of_author(kept: KeptStatus, marks: Marks, post_id: int) -> bytes:
    if not kept.is_pinnable:
        return b',"application":%s' % kept.application
    return b',"application":%s,"pinned":%s' % (kept.application, _TRUE if post_id in marks.pinned else _FALSE)


def boosting(
    kept: KeptStatus,
    account: bytes,
    boosted: bytes,
    marks: Marks,
    boosted_of: tuple[int, int],
    *,
    approval: bytes,
    filtered: bytes,
) -> bytes:
    """A boost around the whole Status `boosted`; counts, marks and `approval` are those of the boosted post, which is
    given by its id and that of its thread. `filtered` is what filters say of the boost."""
    return b"".join(
        (
            kept.head,
            b',"account":',
            account,
            _counted(marks, *boosted_of),
            b',"application":null,"poll":null,"quote":null,"card":null,"filtered":%s' % filtered,
            b',"quote_approval":%s,"reblog":' % approval,
            boosted,
            b"}",
        )
    )


def _counted(marks: Marks, post_id: int, thread_id: int) -> bytes:
    return (
        b',"replies_count":%d,"reblogs_count":%d,"favourites_count":%d,"quotes_count":%d,"favourited":%s,'
        b'"reblogged":%s,"bookmarked":%s,"muted":%s'
        % (
            marks.replies.get(post_id, 0),
            marks.boosts.get(post_id, 0),
            marks.likes.get(post_id, 0),
            marks.quotes.get(post_id, 0),
            _TRUE if post_id in marks.liked else _FALSE,
            _TRUE if post_id in marks.boosted else _FALSE,
            _TRUE if post_id in marks.bookmarked else _FALSE,
            _TRUE if thread_id in marks.muted else _FALSE,
        )
    )
