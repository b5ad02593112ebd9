"""Tells what was committed since one looked last, by whichever process.

What was made from the database at one moment is still right while nothing was committed that it was made of. On SQLite
a connection of its own sees whether others committed anything. What this process commits is known by the tables that
its statements changed (`models.written`); whether another process committed something meanwhile is told by the writer's
connection, to which its own commits are no news. On PostgreSQL the snapshot names every transaction that is not yet
seen; which tables one has changed is told by itself with its commit, to whoever listens. What ended and told nothing,
or was not heard of yet, may have changed anything.
"""

import asyncio
import contextlib
import functools
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Protocol

from models import sqlite
from models.written import tables_changed, tables_named

log = logging.getLogger(__name__)

UNSEEN = frozenset({"activities", "cursors", "deliveries", "journal", "parked_entries", "received"})
"""Tables of the machinery, which change all the time: almost nothing that people are shown is made of them."""

CHANGES = "kontor_changes"
"""Where transactions tell on PostgreSQL which tables they changed."""
_MANY = 10_000


@functools.lru_cache(500)
def names_unseen(sql: str) -> bool:
    """Whether a statement may read one of those tables."""
    return not UNSEEN.isdisjoint(tables_named(sql))


class Moment:
    """Equal to another one only when nothing was committed in between."""

    __slots__ = ("_tables", "_when", "seen")

    def __init__(self, when: object, seen: int = 0, tables: Mapping[str, int] = MappingProxyType({})) -> None:
        self._when = when
        self._tables = tables
        self.seen = when, seen
        """Equal to that of another one only when no table but those in `UNSEEN` was changed in between."""

    def of(self, tables: Iterable[str]) -> object:
        """Equal to that of another one only when none of `tables` was changed in between."""
        return self._when, [self._tables.get(name, 0) for name in tables]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Moment):
            return NotImplemented
        return self is other or (self._when == other._when and self._tables == other._tables)

    def __hash__(self) -> int:
        return hash(self.seen)

    def __repr__(self) -> str:
        return f"Moment({self._when!r}, {dict(self._tables)!r})"

    def after(self, changed: Iterable[str]) -> "Moment":
        """The moment after a commit that changed these tables."""
        names = frozenset(changed)
        tables = {**self._tables, **{name: self._tables.get(name, 0) + 1 for name in names}}
        return Moment(self._when, self.seen[1] + (not names <= UNSEEN), tables)


class Moments(Protocol):
    async def now(self) -> Moment: ...

    async def close(self) -> None: ...


class SqliteMoments:
    """By SQLite's own count; it answers from shared memory, so it is asked in this thread."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._cursor: sqlite3.Cursor | None = None
        self._version: int | None = None
        self._writers: object = None
        self._times = 0
        self._now = Moment(0)
        self._end: asyncio.Future[None] | None = None
        """Of the commit of ours that is under way."""

    async def now(self) -> Moment:
        try:
            version = self._look()
            while version != self._version and self._end is not None:
                await asyncio.wait([self._end])  # it is seen already: what it changed is told in a moment
                version = self._look()
        except sqlite3.Error:
            return Moment(object())  # somebody recovers the file just now
        if version != self._version:
            self._version = version
            self._begin_anew()
        return self._now

    def _look(self) -> int:
        if self._cursor is None:
            self._cursor = sqlite.opened(self._path).cursor()
            self._cursor.execute("PRAGMA busy_timeout=0")
            self._version = None  # another connection counts anew
        version: int = self._cursor.execute("PRAGMA data_version").fetchone()[0]
        return version

    def _begin_anew(self) -> None:
        """Forget what is known of tables: anything may have changed."""
        self._times += 1
        self._now = Moment(self._times)

    def committing(self) -> None:
        """What the writer of this process did is about to be seen."""
        self._end = asyncio.get_running_loop().create_future()

    def committed(self, by: sqlite.Connection | None, statements: Iterable[str]) -> None:
        """It is seen, or nothing is: `statements` are all that were run."""
        if self._end is not None:
            self._end.set_result(None)
            self._end = None
        try:
            version = self._look()  # before the writer is asked: what comes in between is news to both
            writers = by.commits_of_others() if by is not None else None
        except sqlite3.Error:
            version, writers = None, None
        is_ours = writers is not None and writers == self._writers and self._version is not None
        self._writers, self._version = writers, version
        if is_ours:
            self._now = self._now.after(name for sql in statements for name in tables_changed(sql))
        else:
            self._begin_anew()

    async def close(self) -> None:
        if self._cursor is not None:
            self._cursor.connection.close()
            self._cursor = None


class PostgresMoments:
    """By PostgreSQL's snapshot. Whoever asks while somebody else waits for an answer shares the next one: an answer
    that was under way already could be older than what they must see."""

    def __init__(self, connect: Callable[[], Awaitable[Any]]) -> None:
        self._connect = connect
        self._connection: Any = None
        self._turn = asyncio.Lock()
        self._next: asyncio.Task[Moment] | None = None
        self._snapshot = ""
        self._times = 0
        self._now = Moment(0)
        self._changed: dict[int, list[str]] = {}
        """What transactions told by their number."""

    async def now(self) -> Moment:
        if self._next is None:
            self._next = asyncio.create_task(self._ask())
        return await asyncio.shield(self._next)

    async def _ask(self) -> Moment:
        async with self._turn:
            self._next = None
            try:
                if self._connection is None:
                    self._connection = await self._connect()
                    await self._connection.add_listener(CHANGES, self._hear)
                    self._snapshot = ""  # what was told meanwhile nobody heard
                snapshot = await self._connection.fetchval("SELECT pg_current_snapshot()::text")
            except Exception:  # the database went away, in one of many ways; who asks it something will say so
                log.debug("the moment cannot be told", exc_info=True)
                connection, self._connection = self._connection, None
                if connection is not None:
                    connection.terminate()
                return Moment(object())
            if snapshot != self._snapshot:
                self._move_to(snapshot)
            return self._now

    def _hear(self, *told: Any) -> None:
        """PostgreSQL hands out what was told before it says that it has answered, so that this comes in time."""
        number, *tables = told[-1].split()
        self._changed[int(number)] = tables

    def _move_to(self, snapshot: str) -> None:
        ended = _ended(self._snapshot, snapshot) if self._snapshot else None
        self._snapshot = snapshot
        if ended is not None and ended <= self._changed.keys():
            self._now = self._now.after(name for number in ended for name in self._changed[number])
        else:
            self._times += 1
            self._now = Moment(self._times)
        oldest = int(snapshot.partition(":")[0])
        self._changed = {number: tables for number, tables in self._changed.items() if number >= oldest}

    async def close(self) -> None:
        async with self._turn:
            connection, self._connection = self._connection, None
            if connection is not None:
                with contextlib.suppress(Exception):
                    await connection.close()


def _ended(before: str, after: str) -> set[int] | None:
    """The numbers of the transactions that are over in one snapshot and were not in another; None: there are many.

    Those between the first two of its numbers are under way only when they stand behind, and those from the second on
    have not ended.
    """
    _, then, under_way = before.split(":")
    _, until, open_now = after.split(":")
    if int(until) - int(then) > _MANY:
        return None
    looked_at = {*range(int(then), int(until)), *map(int, filter(None, under_way.split(",")))}
    return looked_at - set(map(int, filter(None, open_now.split(","))))
