"""Durable readers of the journal, and those who read for them in one process."""

import itertools
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct, field
from sqlalchemy.ext.asyncio import AsyncSession

from models.base import insert_into, now
from models.database import Database
from models.journal.entries import Entry
from models.journal.reading import Placed, Position, read, window
from models.tables import Cursor, Parked

log = logging.getLogger(__name__)

_TRIES = 5
_SAVED_AFTER = 1000

Handler = Callable[[AsyncSession, Entry], Awaitable[None]]
Sieve = Callable[[Database, list[Entry]], Awaitable[list[Entry]]]
Together = Callable[[AsyncSession, Sequence[Any]], Awaitable[None]]


class Consumer(Struct):
    """A durable reader of the journal. `handle` writes with the session it is given and touches no network.

    `together` deals with several entries that follow one another, where all of them have the same one there.
    """

    name: str
    handle: Handler
    kinds: frozenset[str]
    sieve: "Sieve | None" = None
    together: Mapping[type[Entry], Together] = field(default_factory=dict)

    async def handle_all(self, session: AsyncSession, entries: Sequence[Entry]) -> None:
        """Deal with entries in their order."""
        for together, row in itertools.groupby(entries, key=lambda entry: self.together.get(type(entry))):
            ones = list(row)
            if together is not None and len(ones) > 1:
                await together(session, ones)
                continue
            for entry in ones:
                await self.handle(session, entry)

    async def catch_up(self, database: Database) -> int:
        """Deal with everything there is; how many entries were read. One batch is one transaction."""
        reader = Reader(database, self, is_shared=False)
        count = await reader.catch_up()
        await reader.save()
        return count


def consumer(
    name: str,
    handlers: dict[type[Entry], Callable[[AsyncSession, Any], Awaitable[None]]],
    *,
    sieve: Sieve | None = None,
    together: Mapping[type[Entry], Together] | None = None,
) -> Consumer:
    """A consumer that has one function per kind of entry it cares for, and for some kinds one for many entries.

    `sieve` is given the entries of those kinds and takes out those about which nothing would be done. It only asks.
    """

    async def handle(session: AsyncSession, entry: Entry) -> None:
        await handlers[type(entry)](session, entry)

    return Consumer(name, handle, frozenset(kind.kind for kind in handlers), sieve, together or {})


class Reader:
    """Reads the journal for a consumer, in one process.

    Effects and the cursor are written together. Where there is nothing to do the cursor stays behind, because writing
    costs more than reading again after a crash: call `save` now and then, and at the end. `is_shared` lets readers of
    one process share what they read. While a reader of another process is at it this one leaves it to that: whatever
    is committed meanwhile is news to both, and that one looks again.
    """

    def __init__(self, database: Database, consumer: Consumer, *, is_shared: bool = True) -> None:
        self.consumer = consumer
        self._database = database
        self._is_shared = is_shared
        self._cursor: Position | None = None
        self._position = Position()
        self._passed = 0

    async def catch_up(self) -> int:
        """Deal with everything there is; how many entries were read."""
        count = 0
        while batch := await self._step():
            count += batch
        return count

    async def save(self) -> None:
        """Move the cursor past what concerned nobody."""
        if self._cursor is None or self._position == self._cursor:
            return
        async with self._database.writing() as session:
            is_ours = await self._moved(session, self._position)
        self._cursor = self._position if is_ours else None
        self._passed = 0

    async def _step(self) -> int:
        if self._cursor is None:
            await self._find_place()
        entries = await self._behind(self._position)
        if not entries:
            return 0
        wanted = await self._of_interest(entries)
        if not wanted:
            self._position = entries[-1][0]
            self._passed += len(entries)
            if self._passed >= _SAVED_AFTER:
                await self.save()
            return len(entries)
        try:
            is_free = await self._deal_with(entries, wanted)
        except Exception:
            after = self._position.number
            log.exception("journal batch failed", extra={"consumer": self.consumer.name, "after": after})
            is_free = await self._one_by_one(entries)
        return len(entries) if is_free else 0

    async def _find_place(self) -> None:
        async with self._database.reading() as session:
            self._cursor = self._position = _place(await session.get(Cursor, self.consumer.name))
        self._passed = 0

    async def _behind(self, position: Position) -> Sequence[Placed]:
        if self._is_shared:
            return await window(self._database).after(position)
        async with self._database.reading() as session:
            return await read(session, position)

    async def _of_interest(self, entries: Sequence[Placed]) -> list[Entry]:
        """What a transaction is worth it for."""
        wanted = self._wanted(entries)
        if not wanted or self.consumer.sieve is None:
            return wanted
        return await self.consumer.sieve(self._database, wanted)

    def _wanted(self, entries: Sequence[Placed]) -> list[Entry]:
        return [entry for _, entry in entries if entry is not None and entry.kind in self.consumer.kinds]

    async def _deal_with(self, entries: Sequence[Placed], wanted: Sequence[Entry]) -> bool:
        """False when another process is at it just now."""
        async with self._database.writing() as session:
            cursor = await self._locked(session)
            is_ours = cursor is not None and _place(cursor) == self._cursor
            if cursor is not None and is_ours:
                await self.consumer.handle_all(session, wanted)
                _move(cursor, entries[-1][0])
        if is_ours:
            self._cursor = self._position = entries[-1][0]
            self._passed = 0
        else:  # another process was faster
            self._cursor = None
        return cursor is not None

    async def _one_by_one(self, entries: Sequence[Placed]) -> bool:
        for place, entry in entries:
            for attempt in range(1, _TRIES + 1):
                try:
                    if not await self._deal_with([(place, entry)], self._wanted([(place, entry)])):
                        return False
                    break
                except Exception as error:
                    if attempt == _TRIES:
                        facts = {"consumer": self.consumer.name, "entry": place.number}
                        log.exception("journal entry parked", extra=facts)
                        await self._park(place, error)
            if self._cursor is None:
                break
        return True

    async def _park(self, place: Position, error: Exception) -> None:
        async with self._database.writing() as session:
            what = f"{type(error).__name__}: {error}"[:500]
            await session.merge(Parked(consumer=self.consumer.name, entry_id=place.number, error=what, at=now()))
            is_ours = await self._moved(session, place)
        if is_ours:
            self._cursor = self._position = place
        else:
            self._cursor = None

    async def _moved(self, session: AsyncSession, place: Position) -> bool:
        """Move the cursor to `place`; False when another process has it, or moved it before."""
        cursor = await self._locked(session)
        if cursor is None or _place(cursor) != self._cursor:
            return False
        _move(cursor, place)
        return True

    async def _locked(self, session: AsyncSession) -> Cursor | None:
        """The cursor, for as long as the transaction lasts; None while another process has it."""
        free = {"skip_locked": True}
        cursor = await session.get(Cursor, self.consumer.name, with_for_update=free)
        if cursor is None and await session.get(Cursor, self.consumer.name) is None:
            first = {"consumer": self.consumer.name, "transaction": 0, "position": 0}  # unless somebody is faster
            await session.execute(insert_into(session, Cursor).values(first).on_conflict_do_nothing())
            cursor = await session.get(Cursor, self.consumer.name, with_for_update=free)
        return cursor


def _place(cursor: Cursor | None) -> Position:
    return Position(cursor.transaction, cursor.position) if cursor else Position()


def _move(cursor: Cursor, place: Position) -> None:
    cursor.transaction, cursor.position = place
