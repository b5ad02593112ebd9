"""Looks at what is elsewhere when somebody here looks at it: a person's latest posts, the answers to a post.

Servers send us only what concerns us, so a profile or a thread from elsewhere would be nearly empty here. A visit
reads a bounded part of it (R-44, COL-8), at most once in a while for everybody here, and everything it finds is judged
like what comes by itself: fetched from its origin, public, of a server that we talk with. Pages wait for it a moment
and no longer; what comes later is there next time.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta

from federation import discovery, remote_posts, trust
from federation.activities import places
from federation.errors import ProtocolError
from federation.memory import Fading
from federation.remote_posts import Budget, OutOfBudget, Seen
from federation.upkeep import threads
from federation.vocabulary import as_list, id_of, same_origin, types_of
from federation.wire import Wire
from models.errors import DomainError
from models.posts import receiving
from models.tables import Actor, ActorType, Post, Visibility

log = logging.getLogger(__name__)

MOST_PAGES = 3
MOST_POSTS = 20
SECONDS = 60.0
PATIENCE_SECONDS = 2.0
AGAIN_AFTER = timedelta(hours=1)
_REMEMBERED = 8192
_OPEN = frozenset({Visibility.PUBLIC, Visibility.UNLISTED, Visibility.GROUP})


class Visits:
    """The visits of one instance; `patience` is how many seconds a page waits for one."""

    def __init__(self, wire: Wire, *, patience: float = PATIENCE_SECONDS) -> None:
        self._wire = wire
        self._patience = patience
        self._made: Fading[str, bool] = Fading(AGAIN_AFTER, limit=_REMEMBERED)
        self._under_way: set[asyncio.Task[None]] = set()

    async def person(self, actor: Actor) -> None:
        """Read the latest public posts of somebody elsewhere."""
        if not actor.is_local and actor.outbox and actor.type is not ActorType.GROUP and actor.deleted_at is None:
            await self._once(actor.uri, lambda: posts_of(self._wire, actor))

    async def thread(self, post: Post) -> None:
        """Read the answers to a post from elsewhere that its own server knows."""
        if not post.is_local and post.deleted_at is None and post.boost_of_id is None and post.visibility in _OPEN:
            await self._once(post.uri, lambda: threads.read(self._wire, post))

    async def _once(self, uri: str, visit: Callable[[], Awaitable[int]]) -> None:
        if self._made.get(uri) is not None:
            return
        self._made.put(uri, True)
        task = asyncio.create_task(_quietly(uri, visit))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        await asyncio.wait((task,), timeout=self._patience)

    async def close(self) -> None:
        """End what is under way."""
        for task in tuple(self._under_way):
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)


async def _quietly(uri: str, visit: Callable[[], Awaitable[int]]) -> None:
    try:
        async with asyncio.timeout(SECONDS):
            found = await visit()
        log.info("visited", extra={"uri": uri, "found": found})
    except (ProtocolError, DomainError, TimeoutError) as error:
        log.info("visit in vain", extra={"uri": uri, "why": repr(error)})
    except Exception:
        log.exception("visit failed", extra={"uri": uri})


async def posts_of(wire: Wire, actor: Actor) -> int:
    """Store what is new and public among the latest posts in somebody's outbox; how many these were.

    Raises as `trust.fetch` where the outbox cannot be had.
    """
    budget = Budget()
    found: list[Seen] = []
    for item in await _items(wire, actor.outbox or "", actor.uri, budget):
        if len(found) == MOST_POSTS:
            break
        seen = await _own_post(wire, item, actor, budget)
        if seen is not None:
            found.append(seen)
    return await _store(wire, found)


async def _own_post(wire: Wire, item: object, actor: Actor, budget: Budget) -> Seen | None:
    """The post that an item of an outbox is about, if it is its owner's own; boosts and answers are left out."""
    thing = item
    if isinstance(item, dict) and "actor" in item:
        if "Create" not in types_of(item) or id_of(item.get("actor")) != actor.uri:
            return None
        thing = item.get("object")
    uri = id_of(thing)
    if uri is None or not same_origin(uri, actor.uri) or await _is_known(wire, uri):
        return None
    try:
        if isinstance(thing, dict) and id_of(thing.get("attributedTo")) == actor.uri:  # TRUST-1: owner and origin agree
            seen = await remote_posts.read(wire, thing, budget, known=actor)
        else:
            seen = await remote_posts.fetch(wire, uri, budget)
    except OutOfBudget:
        return None
    except (ProtocolError, DomainError) as error:
        log.info("part of an outbox left out", extra={"host": actor.host, "why": repr(error)})
        return None
    return seen if seen.author.uri == actor.uri and seen.post.reply_to_uri is None and not seen.post.is_vote else None


async def _items(wire: Wire, collection: str, owner: str, budget: Budget) -> list[object]:
    """What the first pages of a collection hold; it and its pages must be of the owner's origin."""
    found: list[object] = []
    following: object = collection
    seen: set[str] = set()
    pages = 0
    while following is not None and pages < MOST_PAGES and len(found) < MOST_POSTS:
        page = following if isinstance(following, dict) else None
        if page is None:
            uri = id_of(following)
            if uri is None or uri in seen or not same_origin(uri, owner):
                break
            seen.add(uri)
            budget.spend()
            page = (await trust.fetch(wire, uri)).document
        listed = [*as_list(page.get("orderedItems")), *as_list(page.get("items"))]
        pages += bool(listed) or page.get("first") is None
        found += listed
        following = page.get("first") or page.get("next")
        if isinstance(following, dict) and following.get("first") is not None:
            break  # a page that holds itself
    return found


async def _is_known(wire: Wire, uri: str) -> bool:
    async with wire.database.reading() as session:
        return await remote_posts.is_settled(session, uri)


async def _store(wire: Wire, found: list[Seen]) -> int:
    """Store posts as if they had come by themselves, the oldest first."""
    count = 0
    async with wire.database.writing() as session:
        for seen in reversed(found):
            place = await discovery.place_found(session, seen)
            if place is not None and await receiving.receive(session, places.told(seen, place)) is not None:
                count += 1
    return count
