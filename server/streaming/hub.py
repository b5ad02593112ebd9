"""Tells open streams what happened: one reader of the journal per process, for all of them.

The policy is asked again about everything that is told, for all who listen, at the moment it is told (R-78;
`telling.py`). A stream ends when the access behind it does, by the journal or, should that be late, by a look at the
tokens every few seconds; and when its reader is too slow. Whoever is cut off comes back and loads what is there.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Iterator, Sequence

from aiohttp import web

from models import journal, tokens
from models.errors import DomainError
from models.journal import Entry
from server.context import DATABASE
from server.streaming.connections import Connection, Ending
from server.streaming.telling import News, tell
from server.tail import TAIL, FellBehind

log = logging.getLogger(__name__)

_LOOK_EVERY = 2.0
_STILL_HERE = 15.0
_AFTER_A_FAULT = 1.0
_PER_PERSON = 50


class TooManyStreams(DomainError):
    """You have too many streams open: close some of your applications."""

    code = "too_many_streams"
    status = 429


class Hub:
    """The open streams of one process."""

    def __init__(self, app: web.Application) -> None:
        self.look_every = _LOOK_EVERY
        self._app = app
        self._open: dict[int, set[Connection]] = {}
        self._looked = 0.0
        self._shown_life = time.monotonic()

    @contextlib.contextmanager
    def connected(self, connection: Connection) -> Iterator[Connection]:
        """Tell `connection` what happens while the block runs. Raises TooManyStreams."""
        mine = self._open.setdefault(connection.viewer.account_id, set())
        if len(mine) >= _PER_PERSON:
            raise TooManyStreams
        mine.add(connection)
        try:
            yield connection
        finally:
            mine.discard(connection)
            if not mine:
                self._open.pop(connection.viewer.account_id, None)

    def __len__(self) -> int:
        return sum(len(mine) for mine in self._open.values())

    async def run(self) -> None:
        """Follow the journal until the server goes down."""
        while True:
            with self._app[TAIL].subscribe() as subscription:
                try:
                    while not subscription.ended:
                        await self._hear(await subscription.wait(_LOOK_EVERY))
                    self.end_all(Ending.GOING_DOWN)
                    return
                except FellBehind:
                    log.warning("streams fell behind the journal", extra={"streams": len(self)})
                    self.end_all(Ending.TOO_SLOW)
                except Exception:
                    log.exception("streams could not be told")
                    self.end_all(Ending.TOO_SLOW)
                    await asyncio.sleep(_AFTER_A_FAULT)

    async def _hear(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            if isinstance(entry, journal.AccessEnded):
                self._end_access(entry)
        if self._open and time.monotonic() - self._looked > self.look_every:
            await self._look()
        if self._open and time.monotonic() - self._shown_life > _STILL_HERE:
            self._shown_life = time.monotonic()
            for connection in self._everybody():
                connection.show_life()
        news = News.of(entries)
        if self._open and news:
            # all of them seen at one moment; who left meanwhile is written to no more
            await tell(self._app, self._everybody(), news)

    def _end_access(self, ended: journal.AccessEnded) -> None:
        for connection in self._open.get(ended.account_id, ()):
            if ended.token_id in (None, connection.token_id):
                connection.end(Ending.ACCESS_ENDED)

    async def _look(self) -> None:
        self._looked = time.monotonic()
        everybody = self._everybody()
        async with self._app[DATABASE].reading() as session:
            live = await tokens.live(session, {connection.token_id for connection in everybody})
        for connection in everybody:
            if live.get(connection.token_id) is not connection.viewer.role:
                connection.end(Ending.ACCESS_ENDED)

    def _everybody(self) -> list[Connection]:
        return [connection for mine in self._open.values() for connection in mine]

    def end_all(self, why: Ending) -> None:
        for connection in self._everybody():
            connection.end(why)


HUB = web.AppKey("hub", Hub)


async def following(app: web.Application) -> AsyncIterator[None]:
    """Let the hub hear while `app` runs."""
    task = asyncio.create_task(app[HUB].run(), name="streams")
    yield
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def closing(app: web.Application) -> None:
    app[HUB].end_all(Ending.GOING_DOWN)
