"""Fetches the answers to a post elsewhere that somebody here looked for (COL-6, COL-7, COL-8).

Its thread, or else its replies, list ids; each is fetched from its own origin and stored if it is for everybody, or of
a group that we belong to. How much is fetched is bounded: what answers a post may be endless (R-44).
"""

import logging

from federation import discovery, remote_posts, trust
from federation.activities import places
from federation.errors import ProtocolError
from federation.remote_posts import Budget, OutOfBudget, Seen
from federation.vocabulary import Document, as_list, id_of, same_origin
from federation.wire import Wire
from models import upkeep
from models.errors import DomainError
from models.posts import departing, receiving
from models.tables import Post, ThreadFill

log = logging.getLogger(__name__)

MOST_PAGES = 3
MOST = 60


async def fill(wire: Wire, row: ThreadFill) -> None:
    """Fetch what answers a post. Raises as `trust.fetch` when its server cannot be asked just now."""
    async with wire.database.reading() as session:
        post = await departing.by_id(session, row.post_id)
    if post is not None and post.deleted_at is None and not post.is_local:
        await read(wire, post)
    async with wire.database.writing() as session:
        await upkeep.finish(session, row)


async def read(wire: Wire, post: Post) -> int:
    """Store the answers to a post elsewhere that are new here; how many. Raises as `trust.fetch`."""
    budget = Budget()
    budget.spend()
    document = (await trust.fetch(wire, post.uri)).document
    listed = await _listed(wire, post.uri, document.get("context"), budget)
    if len(listed) < 2:  # no thread that can be read: ask for the answers alone
        listed += await _listed(wire, post.uri, document.get("replies"), budget)
    found = await _fetched(wire, list(dict.fromkeys(listed)), budget)
    count = 0
    async with wire.database.writing() as session:
        for seen in sorted(found, key=lambda one: (one.post.published is None, one.post.published, one.post.uri)):
            parent = seen.post.reply_to_uri
            if parent is None or await receiving.by_uri(session, parent) is None:
                continue
            place = await discovery.place_found(session, seen)
            if place is not None and not await remote_posts.is_settled(session, seen.post.uri):
                count += await receiving.receive(session, places.told(seen, place)) is not None
    return count


async def _listed(wire: Wire, uri: str, collection: object, budget: Budget) -> list[str]:
    """The ids in a collection of the post's own server, page by page."""
    found: list[str] = []
    seen: set[str] = set()
    page: Document | None = collection if isinstance(collection, dict) else None
    following = id_of(collection) if page is None else None
    while len(seen) < MOST_PAGES and len(found) < MOST:
        if page is None:
            if following is None or following in seen or not same_origin(following, uri):
                break
            seen.add(following)
            try:
                budget.spend()
                page = (await trust.fetch(wire, following)).document
            except (ProtocolError, DomainError) as error:
                log.info("thread not read", extra={"why": repr(error)})
                break
        first = page.get("first")
        found += [
            one for item in (*as_list(page.get("orderedItems")), *as_list(page.get("items"))) if (one := id_of(item))
        ]
        if isinstance(first, dict):
            page = first
            continue
        following, page = id_of(first) or id_of(page.get("next")), None
    return found[:MOST]


async def _fetched(wire: Wire, uris: list[str], budget: Budget) -> list[Seen]:
    """Those of some posts that are not here yet, as their own servers say."""
    found: list[Seen] = []
    for uri in uris:
        async with wire.database.reading() as session:
            if trust.is_own(wire, uri) or await remote_posts.is_settled(session, uri):
                continue
        try:
            found.append(await remote_posts.fetch(wire, uri, budget))
        except OutOfBudget:
            break
        except (ProtocolError, DomainError) as error:
            log.info("answer left out", extra={"why": repr(error)})
    return found
