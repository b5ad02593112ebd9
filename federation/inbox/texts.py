"""Texts, many in one transaction: most of what comes in needs nothing but to be stored.

A text is a public or unlisted note by an actor we know, brought by that actor's own server: it answers nothing, carries
no file, no poll, no quote and no rules of its own, and no group has to do with it; people it may name. Such notes cost
a few statements together, whichever servers they come from. What looks the least bit different, and whatever comes
after it from the same server, takes the way of all activities, one by one.
"""

import asyncio
import functools
import hashlib
import logging
from collections.abc import Collection, Sequence

from msgspec import NODEFAULT, Struct
from msgspec.structs import fields
from sqlalchemy import Select, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from federation.activities import Incoming, create, places
from federation.activities.places import Place
from federation.documents import addressing
from federation.documents import post as documents
from federation.documents.addressing import Addressing
from federation.documents.post import ParsedPost
from federation.errors import ProtocolError
from federation.remote_posts import Seen
from federation.vocabulary import BadJson, Document, parse_json
from federation.wire import Wire
from models import ledger, policy, received
from models.errors import DomainError
from models.instance import Mode, instance_of
from models.posts import receiving
from models.prepared import padded
from models.received import Claimed
from models.tables import Actor, ActorType, ReceivedState, Visibility

log = logging.getLogger(__name__)

TYPE = "Create"
AT_ONCE = 200
_READ_AT_ONCE = 8
_LONG = 20_000
_NOBODY = (ActorType.GROUP, ActorType.APPLICATION)
_FOR_ALL = (Visibility.PUBLIC, Visibility.UNLISTED)
_SAID = frozenset(
    {"source", "warning", "is_sensitive", "language", "context_uri", "published", "updated", "tags", "mentions"}
)
_USUAL = {  # what a post may say beyond its text: a text says none of it
    one.name: one.default if one.default_factory is NODEFAULT else one.default_factory()
    for one in fields(ParsedPost)
    if one.name not in _SAID and not one.required
}


class _Text(Struct, frozen=True):
    claimed: Claimed
    document: Document
    post: ParsedPost
    activity: Addressing


async def take(wire: Wire, claimed: Sequence[Claimed]) -> Sequence[Claimed]:
    """Store the texts with which begins what came, in this order, from each server; what remains to be done."""
    texts = await _leading(wire, claimed)
    if not texts:
        return claimed
    try:
        async with wire.database.writing() as session:
            done = await _store(session, wire, texts)
    except Exception:  # whatever it is, it shows again where each is dealt with alone, and is told from its neighbours
        log.warning("texts could not be stored together", exc_info=True)
        return claimed
    return [one for one in claimed if one.id not in done]


async def _leading(wire: Wire, claimed: Sequence[Claimed]) -> list[_Text]:
    """The texts that come before anything else of their servers."""
    texts: list[_Text] = []
    others: set[str] = set()
    for position, one in enumerate(claimed):
        if one.host in others:
            continue
        if position and position % _READ_AT_ONCE == 0:
            await asyncio.sleep(0)  # requests are answered meanwhile
        text = _read(wire, one)
        if text is not None:
            texts.append(text)
        else:
            others.add(one.host)
    return texts


def _read(wire: Wire, claimed: Claimed) -> _Text | None:
    """The text in an activity; None when there is more to it."""
    if claimed.type != TYPE or not claimed.actor_uri or claimed.attempt > 1:
        return None
    try:
        document = parse_json(claimed.body, max_bytes=len(claimed.body))
    except BadJson:
        return None
    note = document.get("object")
    if "proof" in document or not isinstance(note, dict) or not create.is_own_word(wire, note, claimed.actor_uri):
        return None
    content = note.get("content")
    if not isinstance(content, str) or len(content) > _LONG:
        return None
    try:
        post = documents.parse(note, insecure_hosts=wire.insecure_hosts)
        activity = addressing.parse(document, insecure_hosts=wire.insecure_hosts)
    except (ProtocolError, DomainError):
        return None
    is_text = post.author_uri == claimed.actor_uri and _is_plain(post)
    return _Text(claimed, document, post, activity) if is_text else None


def _is_plain(post: ParsedPost) -> bool:
    if post.type != "Note" or post.visibility_hint not in _FOR_ALL or not post.html:
        return False
    return all(getattr(post, name) == usual for name, usual in _USUAL.items())


async def _store(session: AsyncSession, wire: Wire, texts: Sequence[_Text]) -> set[int]:
    """Deal with those of `texts` that are what they seem, up to what is not of the same server; which those were."""
    ours = await received.held(session, [text.claimed for text in texts])
    authors = await senders(session, {text.claimed.actor_uri for text in texts})
    known = await receiving.is_known(session, [text.post.uri for text in texts])
    addressed = {uri for text in texts for one in (text.post.addressing, text.activity) for uri in one.everyone}
    people, walls = _met(await places.met_among(session, addressed))
    named = await places.named_among(session, {uri for text in texts for uri in text.post.mentions})
    followed = await places.followed_among(session, list(authors.values()))
    owners = await _people(session, {text.claimed.inbox_actor_id for text in texts} - {None})
    others: set[str] = set()
    unwanted: list[Claimed] = []
    taken: list[tuple[_Text, Incoming, Seen, Place]] = []
    for text in texts:
        claimed, author = text.claimed, authors.get(text.claimed.actor_uri)
        visibility = places.visibility_of(text.post, author, text.activity) if author is not None else None
        everyone = {*text.post.addressing.everyone, *text.activity.everyone}
        is_plain = visibility in _FOR_ALL and text.post.uri not in known and everyone.isdisjoint(walls)
        if author is None or visibility is None or not is_plain or claimed.host in others or claimed.id not in ours:
            others.add(claimed.host)
            continue
        mentioned = {named[uri].id: named[uri] for uri in text.post.mentions if uri in named}
        is_told = not people.isdisjoint(text.post.addressing.everyone) or any(
            one.is_local for one in mentioned.values()
        )
        if author.id not in followed and claimed.inbox_actor_id not in owners and not is_told:
            unwanted.append(claimed)
            continue
        known.add(text.post.uri)
        seen = Seen(text.post, author)
        place = Place(visibility=visibility, named=tuple(mentioned.values()), is_wanted=True)
        taken.append((text, _incoming(wire, text, seen), seen, place))
    if unwanted:
        await received.finish_all(session, unwanted, ReceivedState.IGNORED, create.UNWANTED)
    if taken:
        await _keep(session, taken)
    return {claimed.id for claimed in (*unwanted, *(text.claimed for text, *_ in taken))}


def _met(found: Sequence[Actor]) -> tuple[set[str], set[str | None]]:
    """Of those whom a text may address: the ids of people of ours, and all addresses of whom it must not for that."""
    people = {actor.uri for actor in found if actor.type not in _NOBODY}
    return people, {uri for actor in found if actor.type in _NOBODY for uri in (actor.uri, actor.followers_uri)}


async def _keep(session: AsyncSession, taken: Sequence[tuple[_Text, Incoming, Seen, Place]]) -> None:
    posts = await receiving.receive_texts(session, [places.told(seen, place) for _, _, seen, place in taken])
    facts = [
        create.line_about(incoming, seen, post, what="Create", group_reach=None)
        for post, (_, incoming, seen, _) in zip(posts, taken, strict=True)
    ]
    await ledger.append_all(session, facts)
    await received.finish_all(session, [text.claimed for text, *_ in taken], ReceivedState.DONE, "stored")


async def senders(session: AsyncSession, uris: Collection[str]) -> dict[str, Actor]:
    """Those of the actors with these ids who are still there, on servers that we still talk with."""
    found = await session.scalars(_senders(instance_of(session).mode), {"uris": padded(uris)})
    return {actor.uri: actor for actor in found}


@functools.cache
def _senders(mode: Mode) -> Select[Actor]:
    admitted = policy.admitted(Actor.host, mode)
    return select(Actor).where(Actor.uri.in_(bindparam("uris", expanding=True)), Actor.deleted_at.is_(None), admitted)


def _incoming(wire: Wire, text: _Text, seen: Seen) -> Incoming:
    return Incoming(
        wire=wire,
        document=text.document,
        type=text.claimed.type,
        sender=seen.author,
        received_at=text.claimed.received_at,
        received_id=text.claimed.id,
        digest=hashlib.sha256(text.claimed.body).hexdigest(),
        seen=seen,
    )


async def _people(session: AsyncSession, ids: set[int | None]) -> set[int | None]:
    """Those of the owners of inboxes who are people that are still there."""
    if not ids:
        return set()
    return set(await session.scalars(_PEOPLE, {"ids": padded(ids)}))


_PEOPLE = select(Actor.id).where(
    Actor.id.in_(bindparam("ids", expanding=True)), Actor.type != ActorType.GROUP, Actor.deleted_at.is_(None)
)
