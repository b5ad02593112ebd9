"""Followers synchronisation: two servers compare who belongs to a group, and mend what a lost answer broke (FEP-8fcf).

With what a group that is not public delivers goes a header, signed with the rest: a digest of the members at that
server, and where they are listed. Whoever gets it compares, asks for the list when it differs, and puts its own rows
right (COL-9).
"""

import logging
from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from federation import trust
from federation.fetch import FetchFailed
from federation.signatures import SignatureMalformed
from federation.signatures.followers_digest import HEADER, Synchronization, digest, header_value, parse_header
from federation.signatures.receiving import Parsed
from federation.vocabulary import BadUrl, Document, as_list, host_of, id_of, same_origin
from federation.wire import Wire
from models import actors, audit, upkeep
from models.tables import Actor, ActorType, Comparison, Group, MemberState, Reach

log = logging.getLogger(__name__)

COLLECTION = "synchronization"
MOST = 500
MOST_PAGES = 10


# Ours


async def headers_for(wire: Wire, actor_id: int, host: str) -> Mapping[str, str]:
    """What is sent and signed along with a delivery: the header, if a group delivers that is not for everybody."""
    known = wire.memory.digests.get((actor_id, ""))
    if known == "":
        return {}
    value = wire.memory.digests.get((actor_id, host))
    if value is None:
        async with wire.database.reading() as session:
            group = await session.get(Group, actor_id)
            if group is None or group.reach is not Reach.PARTNERS:
                wire.memory.digests.put((actor_id, ""), "")
                return {}
            value = await _header(session, group, host)
        wire.memory.digests.put((actor_id, host), value)
    return {HEADER: value} if value else {}


async def _header(session: AsyncSession, group: Group, host: str) -> str:
    actor = await session.get_one(Actor, group.id)
    members = await upkeep.members_there(session, group.id, host)
    if not members:  # they were removed just now; the Reject says so
        return ""
    return header_value(
        Synchronization(actor.followers_uri or f"{actor.uri}/followers", f"{actor.uri}/{COLLECTION}", digest(members))
    )


async def listed_for(session: AsyncSession, actor: Actor, host: str, url: str) -> Document | None:
    """The members of a group of ours at the server that asks, for comparing."""
    members = await upkeep.members_there(session, actor.id, host)
    if not members:
        return None
    return {"id": url, "type": "OrderedCollection", "totalItems": len(members), "orderedItems": list(members)}


# Theirs


async def note_header(wire: Wire, parsed: Parsed, actor_uri: str) -> None:
    """Note what a group elsewhere says of who belongs to it, if that is not what we compared last.

    `actor_uri` signed the request. A header outside the signature, or about somebody else's members, is not read.
    """
    value = parsed.request.field(HEADER.lower())
    if value is None or HEADER.lower() not in parsed.covered:
        return
    try:
        told = parse_header(value)
    except SignatureMalformed:
        return
    if wire.memory.compared.get(told.collection_id) == told.digest or not same_origin(told.url, actor_uri):
        return
    wire.memory.compared.put(told.collection_id, told.digest)
    async with wire.database.reading() as session:
        actor = await actors.by_uri(session, actor_uri)
        if actor is None or actor.is_local or actor.type is not ActorType.GROUP:
            return
        is_equal = actor.followers_uri == told.collection_id and await _digest(session, actor.id) == told.digest
    if is_equal or actor.followers_uri != told.collection_id:
        return
    async with wire.database.writing() as session:
        await upkeep.ask_comparison(session, actor.id, url=told.url, digest=told.digest)


async def _digest(session: AsyncSession, group_id: int) -> str:
    here = await upkeep.members_here(session, group_id)
    return digest([uri for uri, row in here.items() if row.state is MemberState.MEMBER])


async def compare(wire: Wire, row: Comparison) -> None:
    """Ask a group elsewhere whom of ours it lists, and make our rows agree. Raises as `trust.fetch`."""
    async with wire.database.reading() as session:
        actor = await session.get_one(Actor, row.group_id)
        is_equal = await _digest(session, row.group_id) == row.digest
    if is_equal:
        await _finish(wire, row)
        return
    try:
        listed = await _listed(wire, row.url)
    except FetchFailed as error:
        if error.http_status not in (404, 410):
            raise
        listed = set()  # it lists nobody of ours
    async with wire.database.writing() as session:
        group = await session.get_one(Group, row.group_id)
        ended, begun, withdrawn = await upkeep.put_right(session, group, listed)
        if ended or begun or withdrawn:
            facts: dict[str, Any] = {"group": actor.uri, "ended": ended, "begun": begun, "withdrawn": withdrawn}
            audit.note(session, "members_compared", host=actor.host, rule="COL-9", **facts)
            log.info("memberships put right", extra=facts)
    await _finish(wire, row)


async def _finish(wire: Wire, row: Comparison) -> None:
    async with wire.database.writing() as session:
        await upkeep.finish(session, row)


async def _listed(wire: Wire, url: str) -> set[str]:
    """The ids of ours in a collection elsewhere, of at most ten pages (COL-8)."""
    found: set[str] = set()
    seen: set[str] = set()
    following: str | None = url
    while following is not None and following not in seen and len(seen) < MOST_PAGES and len(found) < MOST:
        seen.add(following)
        page = (await trust.fetch(wire, following)).document
        first = page.get("first")
        if isinstance(first, dict):
            found |= _ours(wire, first)
            following = id_of(first.get("next"))
        else:
            found |= _ours(wire, page)
            following = id_of(first) or id_of(page.get("next"))
        if following is not None and not same_origin(following, url):
            break
    return found


def _ours(wire: Wire, page: Document) -> set[str]:
    found = set()
    for item in (*as_list(page.get("orderedItems")), *as_list(page.get("items"))):
        uri = id_of(item)
        try:
            if uri is not None and host_of(uri) == wire.database.instance.host:
                found.add(uri)
        except BadUrl:
            continue
    return found
