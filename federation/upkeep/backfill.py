"""Reads what a group elsewhere said before somebody of ours joined, or while one of us was away (GRP-15).

The group's outbox holds what it announced. Each of them is dealt with as if it had been delivered, so the same rules
decide whose it is and whether it counts: only that nobody brought it, we went to fetch it. The oldest comes first,
so that answers find what they answer.
"""

import hashlib
import logging

import msgspec

from federation import trust
from federation.activities import HANDLERS, Ignored, Incoming, Refused, Waiting
from federation.errors import ProtocolError
from federation.remote_posts import Budget
from federation.vocabulary import Document, as_list, id_of, same_origin, types_of
from federation.wire import Wire
from models import audit, upkeep
from models.base import now
from models.errors import DomainError
from models.posts import receiving
from models.tables import Actor, Backfill

log = logging.getLogger(__name__)

MOST_PAGES = 10
MOST = 500
FETCHES = 60


async def fill(wire: Wire, row: Backfill) -> None:
    """Fetch what we lack of a group's history. Raises as `trust.fetch` when the group cannot be asked just now."""
    async with wire.database.reading() as session:
        group = await session.get_one(Actor, row.group_id)
    announced = await _announced(wire, group) if group.outbox is not None else []
    budget = Budget(fetches=FETCHES)
    found = 0
    for document in reversed(announced):
        found += await _take(wire, group, document, budget)
    async with wire.database.writing() as session:
        await upkeep.finish(session, row, found=found)
        if found:
            why = row.reason
            audit.note(session, "history_read", host=group.host, rule="GRP-15", group=group.uri, why=why, found=found)


async def _announced(wire: Wire, group: Actor) -> list[Document]:
    """The announcements in a group's outbox that we may lack, newest first: until a page that we know (COL-8)."""
    found: list[Document] = []
    seen: set[str] = set()
    following = group.outbox
    while following is not None and len(seen) < MOST_PAGES and len(found) < MOST:
        if following in seen or not same_origin(following, group.uri):
            break
        seen.add(following)
        page = (await trust.fetch(wire, following)).document
        first = page.get("first")
        if isinstance(first, dict):
            page = first
        items = [
            item
            for item in (*as_list(page.get("orderedItems")), *as_list(page.get("items")))
            if isinstance(item, dict) and "Announce" in types_of(item) and id_of(item.get("actor")) == group.uri
        ]
        new = [item for item in items if not await _is_known(wire, item)]
        if items and not new:
            break
        found += new
        following = id_of(page.get("next")) or (id_of(first) if isinstance(first, str) else None)
    return found[:MOST]


async def _is_known(wire: Wire, announce: Document) -> bool:
    """Whether we have the post it brings; changes of posts that we have come with the next delivery."""
    inner = announce.get("object")
    uri = id_of(inner.get("object")) if isinstance(inner, dict) else id_of(inner)
    if uri is None or trust.is_own(wire, uri):
        return True
    async with wire.database.reading() as session:
        return await receiving.by_uri(session, uri) is not None


async def _take(wire: Wire, group: Actor, document: Document, budget: Budget) -> int:
    """Deal with one announcement; 1 if something came of it."""
    incoming = Incoming(
        wire=wire,
        document=document,
        type="Announce",
        sender=group,
        received_at=now(),
        digest=hashlib.sha256(msgspec.json.encode(document)).hexdigest(),
        budget=budget,
    )
    handler = HANDLERS["Announce"]
    try:
        if handler.gather is not None:
            await handler.gather(incoming)
        async with wire.database.writing() as session:
            await handler.apply(session, incoming)
    except (Ignored, Waiting):
        return 0
    except Refused as refused:
        async with wire.database.writing() as session:
            audit.note(
                session,
                "activity_refused",
                host=group.host,
                rule=refused.rule,
                reason=refused.reason,
                activity=incoming.id,
                type="Announce",
                actor=group.uri,
            )
        return 0
    except (ProtocolError, DomainError) as error:
        log.info("part of a history left out", extra={"host": group.host, "why": repr(error)})
        return 0
    return 1
