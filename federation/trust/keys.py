"""Keys of other servers' actors: remembered, looked up, fetched once, and fetched again when a signature fails.

No fetch happens before the cheap checks and admission (R-07). A key is believed when its address leads to an actor of
the same origin that lists it as its own (R-05, SIG-26, SIG-27); keys inside messages are never used.
"""

import asyncio
import functools
from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from msgspec.structs import replace
from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from federation.documents import actor as documents
from federation.documents.actor import ParsedActor, ParsedKey
from federation.errors import ProtocolError
from federation.fetch import FetchFailed
from federation.keys import public_key
from federation.known import KnownKey
from federation.signatures import BadKey
from federation.signatures.keys import load_public_key, public_pem
from federation.trust.actors import keep_parsed, listed
from federation.trust.admission import Looked, NotAdmitted, TooManyFetches, fetch
from federation.vocabulary import Document, host_of, id_of, ids_of, same_origin, types_of
from federation.wire import Wire
from models import newcomers, policy
from models.base import now
from models.direct import Direct
from models.errors import DomainError
from models.instance import Mode, instance_of
from models.newcomers import Newcomer
from models.prepared import padded
from models.tables import Actor, ActorType, Key, KeyKind

GOOD_FOR = timedelta(hours=24)
FETCHES_PER_MINUTE = 10


class KeyUnavailable(ProtocolError):
    """The key that signed this cannot be had."""

    code = "key_unavailable"
    status = 401

    def __init__(self, *, http_status: int | None = None, **facts: object) -> None:
        super().__init__(http_status=http_status, **facts)
        self.http_status = http_status

    @property
    def is_gone(self) -> bool:
        """Whether its server says that its owner is no more."""
        return self.http_status == 410


class TooManyKeys(ProtocolError):
    """Too many new keys of that server in the last minute: send it again later."""

    code = "too_many_keys"
    status = 429


async def recall_all(session: AsyncSession, wire: Wire, key_ids: Iterable[str]) -> dict[str, KnownKey]:
    """Those of the keys with these ids that are known and good still, in memory from now on."""
    found = {key_id: known for key_id in key_ids if (known := wire.memory.keys.get(key_id)) is not None}
    stored = await _stored(session, set(key_ids) - found.keys())
    for key_id, known in stored.items():
        wire.memory.keys.put(key_id, known)
    return found | stored


async def key_for(wire: Wire, key_id: str, *, looked: Looked | None = None) -> KnownKey:
    """The key with that id. Make sure that its host is admitted before you ask for it.

    `looked`: `look` was asked about it just now, and what it found is in memory.

    Raises:
        KeyUnavailable: it cannot be fetched, is not listed by its owner, or failed within the last five minutes.
        TooManyKeys: more than ten new ones of that host within a minute. NotAdmitted: its host is none of ours.
    """
    known = wire.memory.keys.get(key_id)
    if known is None and looked is None:
        async with wire.database.reading() as session:
            known = (await recall_all(session, wire, {key_id})).get(key_id)
        known = known or wire.memory.keys.get(key_id)  # fetched for somebody else while we looked
    return known if known is not None else await _fetched(wire, key_id, looked)


async def standing(session: AsyncSession, known: Collection[KnownKey]) -> set[str]:
    """The ids of those of `known` that are still the keys of living actors of admitted hosts."""
    if not known:
        return set()
    text_of = {key.uri: key.text for key in known}
    values = {"key_ids": padded(text_of), "since": now() - GOOD_FOR}
    rows = await _standing(instance_of(session).mode)(session, values)
    return {uri for uri, public in rows if text_of[uri] == public}


@functools.cache
def _standing(mode: Mode) -> Direct:
    return Direct(
        select(Key.uri, Key.public)
        .join(Actor, Actor.id == Key.actor_id)
        .where(Key.uri.in_(bindparam("key_ids", expanding=True)), *_IS_GOOD, policy.admitted(Actor.host, mode))
    )


async def newer_key(wire: Wire, known: KnownKey) -> KnownKey | None:
    """What the key's owner says now, or None: asked once in five minutes, or still the same (SIG-28).

    Raises:
        KeyUnavailable: its server says that the owner is gone.
    """
    if wire.memory.refetched_keys.get(known.uri):
        return None
    wire.memory.refetched_keys.put(known.uri, True)
    try:
        fresh = await _fetched(wire, known.uri)
    except KeyUnavailable as error:
        if error.is_gone:
            raise
        return None
    except (TooManyKeys, NotAdmitted):
        return None
    return fresh if fresh.text != known.text else None


_IS_GOOD = (
    Key.private.is_(None),
    Key.retired_at.is_(None),
    Key.fetched_at > bindparam("since"),
    Actor.deleted_at.is_(None),
)
_GOOD = (
    select(Key.uri.label("key_id"), Key.public, Actor.id, Actor.uri, Actor.host, Actor.type)
    .join(Actor, Actor.id == Key.actor_id)
    .where(Key.uri.in_(bindparam("key_ids", expanding=True)), *_IS_GOOD)
)


async def _stored(session: AsyncSession, key_ids: Collection[str]) -> dict[str, KnownKey]:
    if not key_ids:
        return {}
    rows = await session.execute(_GOOD, {"key_ids": padded(key_ids), "since": now() - GOOD_FOR})
    return {row.key_id: _known(row.key_id, row.public, row.id, row) for row in rows}


def _known(key_id: str, text: str, owner_id: int, owner: Any) -> KnownKey:
    """`owner` says of itself where it lives and what it is: a row of `actors`, or its document."""
    return KnownKey(
        uri=key_id,
        text=text,
        public=public_key(text),
        actor_id=owner_id,
        actor_uri=owner.uri,
        host=owner.host,
        is_server=owner.type is ActorType.APPLICATION,
    )


async def _fetched(wire: Wire, key_id: str, looked: Looked | None = None) -> KnownKey:
    """Fetch, once for all who wait for the same key."""
    failed = wire.memory.missing_keys.get(key_id)
    if failed is not None:
        raise KeyUnavailable(key_id=key_id, http_status=failed or None, reason="remembered")
    running = wire.memory.fetching.get(key_id)
    if running is None:
        running = asyncio.ensure_future(_fetch_now(wire, key_id, looked))
        wire.memory.fetching[key_id] = running
        running.add_done_callback(lambda done: _done(wire, key_id, done))
    return await asyncio.shield(running)


def _done(wire: Wire, key_id: str, done: "asyncio.Future[KnownKey]") -> None:
    wire.memory.fetching.pop(key_id, None)
    if not done.cancelled():
        done.exception()  # looked at, in case that everybody who waited has gone


async def _fetch_now(wire: Wire, key_id: str, looked: Looked | None) -> KnownKey:
    try:
        host = host_of(key_id)
        if wire.memory.key_fetches.take(host, per_minute=FETCHES_PER_MINUTE, burst=FETCHES_PER_MINUTE) > 0:
            raise TooManyKeys(host=host)
        found = _Found(wire, await _owner(wire, key_id, looked), key_id)
        known = await wire.newcomers.add(wire.database, _keep, found)
        if known is None:
            raise KeyUnavailable(key_id=key_id, reason="not_kept")
    except (TooManyKeys, NotAdmitted):
        raise
    except TooManyFetches as error:
        raise TooManyKeys(**error.facts) from None
    except (ProtocolError, DomainError) as error:
        status = error.http_status if isinstance(error, FetchFailed | KeyUnavailable) else None
        wire.memory.missing_keys.put(key_id, status or 0)
        raise KeyUnavailable(key_id=key_id, http_status=status, reason=error.code) from error
    wire.memory.keys.put(key_id, known)
    return known


class _Found(NamedTuple):
    wire: Wire
    owner: ParsedActor
    key_id: str


async def _keep(session: AsyncSession, found: Sequence[_Found]) -> list[KnownKey | None]:
    """Keep owners of keys with all that they list: strangers together, who is known already one by one."""
    people = [
        Newcomer(told=one.owner.actor, keys=listed(one.owner), confirmed=(one.key_id,))
        for one in found
        if one.owner.card is None  # that has a row of its own
    ]
    met = iter(await newcomers.keep(session, people))
    known: list[KnownKey | None] = []
    for one in found:
        stranger = next(met) if one.owner.card is None else None
        if stranger is None:
            await keep_parsed(session, one.wire, one.owner, confirmed=(one.key_id,))
            known.append((await _stored(session, {one.key_id})).get(one.key_id))
            continue
        for uri in stranger.keys:
            one.wire.memory.keys.drop(uri)
        key = stranger.keys.get(one.key_id)
        known.append(_known(one.key_id, key.public, stranger.actor_id, one.owner.actor) if key is not None else None)
    return known


async def _owner(wire: Wire, key_id: str, looked: Looked | None) -> ParsedActor:
    """The actor that owns the key and lists it, by its own document (SIG-26, SIG-27)."""
    found = (await fetch(wire, key_id.partition("#")[0], looked=looked)).document
    actor = found if _is_actor(found) else await _owner_of(wire, found, key_id)
    parsed = documents.parse(actor, insecure_hosts=wire.insecure_hosts)
    if not same_origin(parsed.actor.uri, key_id):
        raise KeyUnavailable(key_id=key_id, reason="origin")
    if any(key.uri == key_id for key in parsed.keys):
        return parsed
    if found is not actor and key_id in ids_of(actor.get("publicKey")):  # listed by its address alone
        return replace(parsed, keys=(*parsed.keys, _read_key(found, key_id)))
    raise KeyUnavailable(key_id=key_id, reason="not_listed")


def _is_actor(document: Document) -> bool:
    return "inbox" in document and any(name in set(ActorType) for name in types_of(document))


async def _owner_of(wire: Wire, document: Document, key_id: str) -> Document:
    """The actor that a key document names as its owner."""
    owner = id_of(document.get("owner")) or id_of(document.get("controller"))
    if owner is None or not same_origin(owner, key_id):
        raise KeyUnavailable(key_id=key_id, reason="owner")
    found = (await fetch(wire, owner)).document
    if found.get("id") != owner:
        raise KeyUnavailable(key_id=key_id, reason="owner")
    return found


def _read_key(document: Document, key_id: str) -> ParsedKey:
    pem = document.get("publicKeyPem")
    if document.get("id") != key_id or not isinstance(pem, str):
        raise KeyUnavailable(key_id=key_id, reason="key_document")
    try:
        return ParsedKey(key_id, KeyKind.RSA, public_pem(load_public_key(pem)))
    except BadKey as error:
        raise KeyUnavailable(key_id=key_id, reason=error.code) from None
