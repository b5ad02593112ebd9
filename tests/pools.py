"""Connections to lent databases that stay from one test to the next.

A new one costs the server a process that learns all tables anew, and every statement is prepared in it again: that was
most of what a test on PostgreSQL took. They live in the one loop of a session.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import URL, event, make_url
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.util import greenlet_spawn


@dataclass(eq=False, slots=True)
class _Kept:
    """What one engine after the other uses; `idle` are the server's numbers of the connections that wait in it."""

    pool: Any
    is_in_use: bool = False
    idle: set[int] = field(default_factory=set)

    def returned(self, connection: Any, *_: object) -> None:
        if connection is not None:
            self.idle.add(connection.driver_connection.get_server_pid())

    def taken(self, connection: Any, *_: object) -> None:
        self.idle.discard(connection.driver_connection.get_server_pid())


_kept: dict[URL, _Kept | None] = {}
_loop: asyncio.AbstractEventLoop | None = None


def live_in(loop: asyncio.AbstractEventLoop) -> None:
    """Keep what is opened in this loop; a command that a test runs has one of its own."""
    global _loop  # noqa: PLW0603 - there is one for each session
    _loop = loop


def allow(url: str) -> None:
    """Let the connections to a database be kept."""
    _kept[make_url(url)] = None


def keep(engine: AsyncEngine) -> None:
    """Let an engine use the connections that the last one to its database left, and leave them to the next."""
    if engine.url not in _kept or asyncio._get_running_loop() is not _loop:
        return
    own, kept = engine.sync_engine, _kept[engine.url]
    if kept is None:
        kept = _kept[engine.url] = _Kept(own.pool)
        event.listen(own.pool, "checkin", kept.returned)
        for name in ("checkout", "close", "invalidate"):
            event.listen(own.pool, name, kept.taken)
    elif kept.is_in_use:
        return
    own.pool, kept.is_in_use = kept.pool, True
    own.dispose = lambda close=True: setattr(kept, "is_in_use", False)  # type: ignore[method-assign]


def idle(url: str) -> set[int]:
    """The connections that a test left in order, by the server's numbers; the others shall be ended."""
    at = make_url(url)
    kept = _kept[at]
    if kept is None:
        return set()
    if kept.pool.checkedout():
        _kept[at] = None
        return set()
    kept.is_in_use = False
    return kept.idle


def close() -> None:
    """End all connections."""
    assert _loop is not None
    for kept in filter(None, _kept.values()):
        _loop.run_until_complete(greenlet_spawn(kept.pool.dispose))
    _kept.clear()
