"""Tells whether anything was committed since one looked last, by whichever process.

What was made from the database at one moment is still right while the moment is the same. On SQLite a connection of
its own counts the commits of all others; on PostgreSQL the snapshot names every transaction that is not yet seen.
"""

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from models import sqlite

log = logging.getLogger(__name__)

Moment = object
"""Equal to another one only when nothing was committed in between."""


class Moments(Protocol):
    async def now(self) -> Moment: ...

    async def close(self) -> None: ...


class SqliteMoments:
    """By SQLite's own count; it answers from shared memory, so it is asked in this thread."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._cursor: sqlite3.Cursor | None = None
        self._opened = 0

    async def now(self) -> Moment:
        try:
            if self._cursor is None:
                self._cursor = sqlite.opened(self._path).cursor()
                self._cursor.execute("PRAGMA busy_timeout=0")
                self._opened += 1  # another connection counts anew
            return self._opened, self._cursor.execute("PRAGMA data_version").fetchone()[0]
        except sqlite3.Error:
            return object()  # somebody recovers the file just now

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
                return await self._connection.fetchval("SELECT pg_current_snapshot()::text")
            except Exception:  # the database went away, in one of many ways; who asks it something will say so
                log.debug("the moment cannot be told", exc_info=True)
                connection, self._connection = self._connection, None
                if connection is not None:
                    connection.terminate()
                return object()

    async def close(self) -> None:
        async with self._turn:
            connection, self._connection = self._connection, None
            if connection is not None:
                with contextlib.suppress(Exception):
                    await connection.close()
