"""Reads a post from elsewhere into a plain dataclass with harmless HTML.

Tolerant in form (values in all their shapes, unknown members, wrong types count as absent), strict in origin: whose
post it is must be plain, and of the server its id is on. Nothing here knows the database.
"""

import html
import re
from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct, field

from federation.documents import addressing, members
from federation.documents.addressing import Addressing
from federation.documents.post import files, interaction, poll, quote
from federation.documents.refusals import NotAPost, WrongOrigin
from federation.vocabulary import (
    BadUrl,
    Document,
    as_list,
    checked_url,
    id_of,
    parse_date,
    same_origin,
    strip_prefix,
    types_of,
)
from models.base import now
from models.interactions import Rules
from models.polls import RemotePoll
from models.posts.receiving import RemoteFile
from models.tables import PostKind, Visibility

_KINDS = {
    "Note": PostKind.NOTE,
    "Article": PostKind.ARTICLE,
    "Page": PostKind.ARTICLE,
    "Question": PostKind.QUESTION,
    "ChatMessage": PostKind.NOTE,
}
_LINKED = frozenset({"Video", "Audio", "Image", "Event", "Document"})
_TITLE = 500
_WARNING = 500
_SOURCE = 100_000
_TAGS = 30
_TAG = 100
_MENTIONS = 50
_EMOJI = 100
_LANGUAGE = re.compile(r"[A-Za-z0-9]{1,8}(?:-[A-Za-z0-9]{1,8}){0,3}")  # RFC 5646, by its shape


class ParsedPost(Struct, frozen=True, kw_only=True):
    """A post elsewhere, its texts clean.

    `visibility_hint` is ADR-1 without knowledge of whose collections are addressed, None when nobody is; `group_uri`
    is set where the post is attributed to a group too; `is_vote` says that it only answers a poll. `submitted_to` names
    the collection it asks to be added to, and whose that is (FEP-400e); `is_locked` is None where nothing is said.
    """

    uri: str
    url: str | None
    type: str
    kind: PostKind
    author_uri: str
    addressing: Addressing
    visibility_hint: Visibility | None
    html: str
    source: str = ""
    title: str = ""
    warning: str = ""
    is_sensitive: bool = False
    language: str | None = None
    group_uri: str | None = None
    reply_to_uri: str | None = None
    context_uri: str | None = None
    published: datetime | None = None
    updated: datetime | None = None
    files: tuple[RemoteFile, ...] = ()
    tags: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()
    emoji: dict[str, str] = field(default_factory=dict)
    is_vote: bool = False
    submitted_to: tuple[str, ...] = ()
    is_locked: bool | None = None
    poll: RemotePoll | None = None
    interaction: Rules = field(default_factory=dict)
    approved_by: str | None = None
    quote_uri: str | None = None
    quote_stamp: str | None = None

    @property
    def to(self) -> tuple[str, ...]:
        return self.addressing.to

    @property
    def cc(self) -> tuple[str, ...]:
        return self.addressing.cc

    @property
    def audience(self) -> tuple[str, ...]:
        return self.addressing.audience


def parse(document: Document, *, insecure_hosts: tuple[str, ...], received: datetime | None = None) -> ParsedPost:
    """Read a post from elsewhere. Cleaning a long text takes milliseconds: call it in a thread for those.

    `received` clamps dates that lie ahead (GEN-7); it is the present unless given.

    Raises:
        NotAPost: no id, another type, no author, or nothing in it.
        WrongOrigin: its author is on another server than its id (TRUST-2).
    """
    moment = received or now()
    uri = _id(document, insecure_hosts)
    type = _known_type(document)
    author_uri, group_uri = _owners(document, uri, insecure_hosts)
    reply_to_uri = members.checked_id(document.get("inReplyTo"), insecure_hosts=insecure_hosts)
    url = members.page_of(document.get("url"), insecure_hosts=insecure_hosts)
    name = members.line(document.get("name"), limit=_TITLE)
    is_reply_note = type == "Note" and reply_to_uri is not None
    content, language = _content(document)
    attached = files.parse(document, insecure_hosts=insecure_hosts)
    shown = _shown(document, type, content, url, insecure_hosts)
    warning, is_sensitive = _warning(document, type)
    to = addressing.parse(document, insecure_hosts=insecure_hosts)
    asked = poll.parse(document, now=moment) if type == "Question" else None
    if not (shown or name or attached or asked):
        raise NotAPost(reason="empty", id=uri)
    return ParsedPost(
        uri=uri,
        url=url,
        type=type,
        kind=_KINDS.get(type, PostKind.NOTE),
        author_uri=author_uri,
        group_uri=group_uri,
        addressing=to,
        visibility_hint=Visibility.DIRECT if type == "ChatMessage" else to.visibility_hint(),
        html=shown,
        source=_source(document),
        title="" if is_reply_note else name,  # a forum repeats the topic's title on each reply
        warning=warning,
        is_sensitive=is_sensitive,
        language=language,
        reply_to_uri=reply_to_uri,
        context_uri=_context(document, insecure_hosts),
        published=parse_date(document.get("published"), now=moment),
        updated=parse_date(document.get("updated"), now=moment),
        files=attached,
        tags=_hashtags(document),
        mentions=_mentions(document, insecure_hosts),
        emoji=members.emoji_of(document.get("tag"), insecure_hosts=insecure_hosts, most=_EMOJI),
        is_vote=is_reply_note and bool(name) and not content,
        submitted_to=_submitted_to(document, insecure_hosts),
        is_locked=not document["commentsEnabled"] if isinstance(document.get("commentsEnabled"), bool) else None,
        poll=asked,
        interaction=interaction.parse(document, insecure_hosts=insecure_hosts),
        quote_uri=quote.parse(document, insecure_hosts=insecure_hosts),
        quote_stamp=members.checked_id(document.get("quoteAuthorization"), insecure_hosts=insecure_hosts),
        approved_by=members.checked_id(document.get("approvedBy"), insecure_hosts=insecure_hosts),
    )


def _id(document: Document, insecure_hosts: tuple[str, ...]) -> str:
    uri = document.get("id")
    if not isinstance(uri, str):
        raise NotAPost(reason="id")
    try:
        checked_url(uri, insecure=insecure_hosts)
    except BadUrl as error:
        raise NotAPost(reason="id", detail=error.facts.get("reason")) from None
    return uri


def _known_type(document: Document) -> str:
    for name in types_of(document):
        if name in _KINDS or name in _LINKED:
            return name
    raise NotAPost(reason="type", type=str(document.get("type"))[:64])


def _owners(document: Document, uri: str, insecure_hosts: tuple[str, ...]) -> tuple[str, str | None]:
    """Author and, where two owners are named by their types, the group (TRUST-4)."""
    owners = as_list(document.get("attributedTo"))
    if not owners:
        raise NotAPost(reason="author", id=uri)
    people: list[str] = []
    group = None
    for owner in owners[: addressing.MOST]:
        found = members.checked_id(owner, insecure_hosts=insecure_hosts)
        if found is None or not same_origin(found, uri):
            continue
        if isinstance(owner, dict) and "Group" in types_of(owner):
            group = group or found
        else:
            people.append(found)
    if not people:
        raise WrongOrigin(member="attributedTo", id=uri)
    return people[0], group


def _submitted_to(document: Document, insecure_hosts: tuple[str, ...]) -> tuple[str, ...]:
    target = document.get("target")
    owner = target.get("attributedTo") if isinstance(target, dict) else None
    found = (members.checked_id(one, insecure_hosts=insecure_hosts) for one in (target, owner))
    return tuple(one for one in found if one is not None)


def _content(document: Document) -> tuple[str, str | None]:
    """The markup, and its language where the map of languages says which one it is."""
    content = document.get("content")
    by_language = document.get("contentMap")
    translations = by_language if isinstance(by_language, dict) else {}
    if not isinstance(content, str):
        content = next((text for text in translations.values() if isinstance(text, str)), "")
    language = next((name for name, text in translations.items() if text == content), None)
    if language is not None and not _LANGUAGE.fullmatch(language):
        language = None
    if document.get("mediaType") == "text/plain":
        content = html.escape(content).replace("\n", "<br>")
    return content, language


def _shown(document: Document, type: str, content: str, url: str | None, insecure_hosts: tuple[str, ...]) -> str:
    parts = [content]
    if type in _LINKED and url is not None:
        parts.append(_link(url))  # kept as a link: we play no films
    parts += [_link(link) for link in _links(document, insecure_hosts) if html.escape(link) not in content]
    return members.html("".join(parts))


def _link(url: str) -> str:
    shown = html.escape(url)
    return f'<p><a href="{shown}">{shown}</a></p>'


def _links(document: Document, insecure_hosts: tuple[str, ...]) -> Iterable[str]:
    """What a forum's post links to stands among its attachments there."""
    for item in as_list(document.get("attachment"))[: files.MOST]:
        if isinstance(item, dict) and "Link" in types_of(item):
            found = members.checked_id(item, insecure_hosts=insecure_hosts)
            if found is not None:
                yield found


def _warning(document: Document, type: str) -> tuple[str, bool]:
    """A content warning is in `summary`, where others put an excerpt of an article."""
    is_sensitive = document.get("sensitive") is True
    if not is_sensitive and type not in ("Note", "Question"):
        return "", False
    warning = members.stripped(document.get("summary"), limit=_WARNING)
    return warning, is_sensitive or bool(warning)


def _source(document: Document) -> str:
    """What was typed, where it is Markdown; others send plain text or their own markup here."""
    source = document.get("source")
    if isinstance(source, dict) and source.get("mediaType") == "text/markdown":
        return members.text(source.get("content"), limit=_SOURCE)
    return ""


def _context(document: Document, insecure_hosts: tuple[str, ...]) -> str | None:
    for name in ("context", "conversation"):
        found = members.checked_id(document.get(name), insecure_hosts=insecure_hosts)
        if found is not None:
            return found
    return None


def _tags(document: Document, type: str) -> Iterable[Document]:
    for tag in as_list(document.get("tag"))[: addressing.MOST]:
        if isinstance(tag, dict) and strip_prefix(tag.get("type")) == type:
            yield tag


def _hashtags(document: Document) -> tuple[str, ...]:
    names = (members.line(tag.get("name"), limit=_TAG + 1).removeprefix("#") for tag in _tags(document, "Hashtag"))
    return tuple(dict.fromkeys(name for name in names if name and " " not in name and len(name) <= _TAG))[:_TAGS]


def _mentions(document: Document, insecure_hosts: tuple[str, ...]) -> tuple[str, ...]:
    hrefs = (id_of(tag.get("href")) for tag in _tags(document, "Mention"))
    known = (href for href in hrefs if href and members.is_address(href, insecure_hosts=insecure_hosts))
    return tuple(dict.fromkeys(known))[:_MENTIONS]
