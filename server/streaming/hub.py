"""Tells open streams what happened: one reader of the journal per process, for all of them.

For each person with an open stream the policy is asked again about everything that is told, at the moment it is told
(R-78). A stream ends when the access behind it does, by the journal or, should that be late, by a look at the tokens
every few seconds; and when its reader is too slow. Whoever is cut off comes back and loads what is there.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from models import journal, policy, tokens
from models.errors import DomainError
from models.journal import Entry
from models.posts import outlines
from models.viewers import Staff
from server.api import conversations, notifications
from server.api.entities.shelf import SHELF
from server.context import DATABASE
from server.streaming.connections import Connection, Ending, Event
from server.streaming.streams import Stream
from server.tail import TAIL, FellBehind

log = logging.getLogger(__name__)

_LOOK_EVERY = 2.0
_AFTER_A_FAULT = 1.0
_PER_PERSON = 50


class TooManyStreams(DomainError):
    """You have too many streams open: close some of your applications."""

    code = "too_many_streams"
    status = 429


@dataclass(slots=True)
class _News:
    """What some entries of the journal say, sorted by what clients are told of it."""

    written: list[int] = field(default_factory=list)
    edited: list[int] = field(default_factory=list)
    deleted: list[int] = field(default_factory=list)
    notified: dict[int, list[int]] = field(default_factory=dict)

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> "_News":
        news = cls()
        for entry in entries:
            match entry:
                case journal.PostWritten(post_id):
                    news.written.append(post_id)
                case journal.PostEdited(post_id):
                    news.edited.append(post_id)
                case journal.PostDeleted(post_id):
                    news.deleted.append(post_id)
                case journal.Moderated("remove", post_id=int(post_id), is_undone=is_back):
                    (news.written if is_back else news.deleted).append(post_id)
                case journal.Notified(notification_id, account_id):
                    news.notified.setdefault(account_id, []).append(notification_id)
        return news

    def concerns(self, account_id: int) -> bool:
        return bool(self.written or self.edited or self.deleted or account_id in self.notified)


class Hub:
    """The open streams of one process."""

    def __init__(self, app: web.Application) -> None:
        self.look_every = _LOOK_EVERY
        self._app = app
        self._open: dict[int, set[Connection]] = {}
        self._looked = 0.0

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
        news = _News.of(entries)
        for account_id in [account_id for account_id in self._open if news.concerns(account_id)]:
            # one person after another, each seen at a moment of their own; they may have left meanwhile
            mine = tuple(self._open.get(account_id, ()))
            if mine:
                await self._tell(mine, news)

    def _end_access(self, ended: journal.AccessEnded) -> None:
        for connection in self._open.get(ended.account_id, ()):
            if ended.token_id in (None, connection.token_id):
                connection.end(Ending.ACCESS_ENDED)

    async def _look(self) -> None:
        self._looked = time.monotonic()
        everybody = [connection for mine in self._open.values() for connection in mine]
        async with self._app[DATABASE].reading() as session:
            live = await tokens.live(session, {connection.token_id for connection in everybody})
        for connection in everybody:
            if connection.token_id not in live:
                connection.end(Ending.ACCESS_ENDED)

    def end_all(self, why: Ending) -> None:
        for mine in self._open.values():
            for connection in mine:
                connection.end(why)

    async def _tell(self, mine: Sequence[Connection], news: _News) -> None:
        viewer = mine[0].viewer
        wanted = {stream for connection in mine for stream in connection.streams}
        async with self._app[DATABASE].reading() as session:
            events = [
                *await self._posts(session, viewer, wanted, news),
                *await self._conversations(session, viewer, wanted, news),
                *await self._deletions(session, viewer, wanted, news),
                *await self._notifications(session, viewer, wanted, news),
            ]
        for connection in mine:
            for event in events:
                if event.stream in connection.streams and _reaches(connection, event):
                    connection.tell(event)

    async def _posts(self, session: AsyncSession, viewer: Staff, wanted: set[Stream], news: _News) -> list[Event]:
        ids = {*news.written, *news.edited}
        if not ids:
            return []
        belongs = {stream: await stream.among(session, viewer, ids) for stream in wanted if stream.tells_posts}
        lines = await outlines.outlines_of(session, viewer, set().union(*belongs.values()))
        bodies = dict(zip(lines, await self._app[SHELF].statuses(session, viewer, list(lines.values())), strict=True))
        return [
            Event(stream, name, bodies[post_id])
            for name, told in (("update", news.written), ("status.update", news.edited))
            for post_id in dict.fromkeys(told)
            if post_id in bodies
            for stream, own in belongs.items()
            if post_id in own
        ]

    async def _conversations(
        self, session: AsyncSession, viewer: Staff, wanted: set[Stream], news: _News
    ) -> list[Event]:
        stream = Stream("direct")
        if stream not in wanted or not news.written:
            return []
        messages = await stream.among(session, viewer, news.written)
        lines = await outlines.outlines_of(session, viewer, messages)
        bodies = await conversations.bodies(self._app, session, viewer, list(lines.values()))
        return [Event(stream, "conversation", body) for body in bodies]

    async def _deletions(self, session: AsyncSession, viewer: Staff, wanted: set[Stream], news: _News) -> list[Event]:
        streams = [stream for stream in wanted if stream.tells_posts]
        if not news.deleted or not streams:
            return []
        gone = await outlines.among(session, viewer, policy.knew_posts, news.deleted)
        return [Event(stream, "delete", b"%d" % post_id) for post_id in gone for stream in streams]

    async def _notifications(
        self, session: AsyncSession, viewer: Staff, wanted: set[Stream], news: _News
    ) -> list[Event]:
        ids = news.notified.get(viewer.account_id, [])
        streams = [stream for stream in wanted if stream.kind in ("user", "user:notification")]
        if not ids or not streams:
            return []
        told = await notifications.told_of(session, viewer, ids)
        bodies = await notifications.rendered(self._app, session, viewer, told[::-1])
        return [Event(stream, "notification", body) for body in bodies for stream in streams]


def _reaches(connection: Connection, event: Event) -> bool:
    """Whether the token behind a connection reaches as far as an event (CVE-2025-62176)."""
    needed = "read:notifications" if event.name == "notification" else "read:statuses"
    if event.stream.kind == "list":
        return connection.scopes.cover("read:lists") or connection.scopes.cover(needed)
    return connection.scopes.cover(needed)


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
