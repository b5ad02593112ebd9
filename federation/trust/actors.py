"""Actors of other servers: fetched from their origin, checked, and kept together with their keys."""

from collections.abc import Collection
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from federation.documents import actor as documents
from federation.documents.actor import ParsedActor
from federation.trust.admission import fetch, is_own
from federation.vocabulary import Document
from federation.wire import Wire
from models import actors, groups, introductions
from models.actors import RemoteKey
from models.base import now
from models.errors import NotFound
from models.tables import Actor, Group

FRESH_FOR = timedelta(hours=24)


async def actor_at(wire: Wire, uri: str, *, fresh: bool = False) -> Actor:
    """The actor with that id: ours, one we know, or fetched now; with `fresh` no copy older than a day (ACT-2).

    Raises:
        NotFound: the id is ours and nobody has it. Otherwise as `fetch_actor`.
    """
    async with wire.database.reading() as session:
        known = await actors.by_uri(session, uri)
    if known is not None and known.deleted_at is None and not known.is_introduced:
        is_fresh = known.fetched_at is not None and known.fetched_at > now() - FRESH_FOR
        if known.is_local or is_fresh or not fresh:
            return known
    if is_own(wire, uri):
        raise NotFound(uri=uri)
    return await fetch_actor(wire, uri)


async def fetch_actor(wire: Wire, uri: str) -> Actor:
    """Fetch an actor from its origin and keep what it says.

    Raises:
        NotAdmitted, TooManyFetches, FetchRefused, FetchFailed, BadUrl, BadJson: see `admission.fetch`.
        DocumentRefused: what is there is no actor we could talk with.
    """
    fetched = await fetch(wire, uri)
    return await keep_actor(wire, fetched.document)


async def keep_actor(wire: Wire, document: Document) -> Actor:
    """Keep an actor as its own document says, which must have come from its origin.

    Raises:
        DocumentRefused: it is no actor we could talk with. NotYours: it claims to be one of ours.
    """
    parsed = documents.parse(document, insecure_hosts=wire.insecure_hosts)
    async with wire.database.writing() as session:
        return await keep_parsed(session, wire, parsed)


async def keep_parsed(
    session: AsyncSession,
    wire: Wire,
    parsed: ParsedActor,
    *,
    confirmed: Collection[str] = (),
) -> Actor:
    """The same for a document that was read before, inside a transaction; `confirmed` keyIds led to it."""
    actor = await actors.keep(session, parsed.actor)
    for uri in await actors.keep_keys(session, actor, listed(parsed), confirmed=confirmed):
        wire.memory.keys.drop(uri)
    if not parsed.is_group:
        await introductions.keep_card(session, actor, parsed.card)
    if await session.get(Group, actor.id) is not None:
        await groups.keep_mirror(session, actor, vouches=parsed.vouches)
    return actor


def listed(parsed: ParsedActor) -> list[RemoteKey]:
    """The keys that an actor lists, as the models take them in."""
    return [RemoteKey(uri=key.uri, kind=key.kind, public=key.public) for key in parsed.keys]
