"""Follows the journal while it grows, once per process, for everybody who has a stream open.

One task asks the database for new entries and hands each one to all subscribers. Nothing durable hangs on it: a
subscriber that does not keep up is cut off, comes back and says how far it had read. Whether somebody may see what an
entry speaks of is for the subscriber to ask, at the moment it tells them (R-78).
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import AsyncIterator
from types import TracebackType

from aiohttp import web

from models import journal
from models.database import Database
from models.journal import Entry, Position
from server.context import DATABASE

log = logging.getLogger(__name__)

_LOOK_EVERY = 1.0
_AFTER_A_FAULT = 2.0
_KEPT = 1000
_REPLAYED = 2000


class FellBehind(Exception):
    """This reader was too slow, or was away too long: it has to begin again."""


class Subscription:
    """The entries from one place on, in order. Use it as a context manager, so that it ends with its reader."""

    def __init__(self, tail: "Tail", database: Database, after: Position, start: Position) -> None:
        self.position = after
        self._tail = tail
        self._database = database
        self._start = start
        self._waiting: deque[tuple[Position, Entry]] = deque()
        self._fresh = asyncio.Event()
        self._ended = False
        self._behind = False

    def __enter__(self) -> "Subscription":
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self._tail.forget(self)

    def __aiter__(self) -> AsyncIterator[Entry]:
        return self._all()

    async def _all(self) -> AsyncIterator[Entry]:
        with self:
            while True:
                for entry in await self.wait(None):
                    yield entry
                if self._ended:
                    return

    async def wait(self, seconds: float | None) -> list[Entry]:
        """What is new, as soon as something is; empty after `seconds`, or when the server is going down.

        Raises:
            FellBehind: entries were left out, begin again.
        """
        if self.position < self._start:
            missed = await self._replay()
            if missed:
                return missed
        if not self._waiting and not self._ended and not self._behind:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._fresh.wait()
        self._fresh.clear()
        if self._behind:
            raise FellBehind
        found = list(self._waiting)
        self._waiting.clear()
        if found:
            self.position = found[-1][0]
        return [entry for _, entry in found]

    @property
    def ended(self) -> bool:
        """The server is going down; nothing more comes."""
        return self._ended

    async def _replay(self) -> list[Entry]:
        """What was written between the place asked for and the place where this subscription joined the tail."""
        entries: list[Entry] = []
        async with self._database.reading() as session:
            read = 0
            while self.position < self._start:
                batch = await journal.read(session, self.position)
                for place, entry in batch:
                    if place > self._start:
                        break
                    self.position = place
                    if entry is not None:
                        entries.append(entry)
                read += len(batch)
                if not batch or batch[-1][0] > self._start:
                    self.position = self._start
                if read > _REPLAYED:
                    raise FellBehind
        return entries

    def hand(self, place: Position, entry: Entry) -> None:
        if len(self._waiting) >= _KEPT:
            self._behind = True
        else:
            self._waiting.append((place, entry))
        self._fresh.set()

    def end(self) -> None:
        self._ended = True
        self._fresh.set()


class Tail:
    """The newest end of the journal of one database."""

    def __init__(self, database: Database) -> None:
        self.position = Position()
        self.task: asyncio.Task[None] | None = None
        self._database = database
        self._subscriptions: set[Subscription] = set()

    def subscribe(self, after: Position | None = None) -> Subscription:
        """Everything recorded from now on; with `after` also what was recorded since that place."""
        subscription = Subscription(self, self._database, min(after or self.position, self.position), self.position)
        self._subscriptions.add(subscription)
        return subscription

    def forget(self, subscription: Subscription) -> None:
        self._subscriptions.discard(subscription)

    async def begin(self) -> None:
        """Go to the newest place there is."""
        async with self._database.reading() as session:
            self.position = await journal.head(session)

    async def run(self) -> None:
        """Follow until cancelled."""
        seen = self._database.changed.count
        while True:
            try:
                while await self.step():
                    pass
            except Exception:
                log.exception("the journal could not be read")
                await asyncio.sleep(_AFTER_A_FAULT)
            seen = await self._database.changed.wait(seen, at_most=_LOOK_EVERY)

    async def step(self) -> int:
        """Hand on what is new; how many entries were read."""
        entries = await journal.window(self._database).after(self.position)
        for place, entry in entries:
            self.position = place
            if entry is not None:
                for subscription in tuple(self._subscriptions):
                    subscription.hand(place, entry)
        return len(entries)

    def close(self) -> None:
        """End every subscription, so that open streams do not hold up the end of the server."""
        for subscription in tuple(self._subscriptions):
            subscription.end()


TAIL = web.AppKey("tail", Tail)


async def _begin(app: web.Application) -> None:
    """After the contexts of the application have started: the database is open and up to date."""
    tail = app[TAIL]
    await tail.begin()
    tail.task = asyncio.create_task(tail.run(), name="journal tail")


async def _end(app: web.Application) -> None:
    """Before those contexts end, and with them the database."""
    tail = app[TAIL]
    tail.close()
    if tail.task is not None:
        tail.task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await tail.task


def setup(app: web.Application) -> None:
    """Follow the journal while `app` runs; whoever streams from it may ask for this, once is enough."""
    if TAIL not in app:
        app[TAIL] = Tail(app[DATABASE])
        app.on_startup.append(_begin)
        app.on_shutdown.append(_end)
