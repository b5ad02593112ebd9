"""Opens the database and hands out sessions: `reading()` for questions, `writing()` for verbs.

SQLite keeps one writer at a time: `writing()` queues inside the process and begins IMMEDIATE, so that two processes
wait for one another instead of failing half-way; who queues shares a commit (`models.commits`). A commit is durable
before anything is acknowledged (WAL with synchronous=FULL). Inside `writing()` nothing may touch the network:
`is_writing()` lets the one HTTP client refuse. Whoever waits for news from the journal is woken after the commit, on
PostgreSQL in every process.
"""

import asyncio
import contextlib
import functools
import logging
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine

from models import sqlite
from models.commits import Commits
from models.instance import Instance, attach
from models.moments import Moment, Moments, PostgresMoments, SqliteMoments

if TYPE_CHECKING:
    from models import postgresql

log = logging.getLogger(__name__)

_WRITING: ContextVar[bool] = ContextVar("writing", default=False)
_CHANNEL = "kontor_journal"
_READERS = 4
CONNECTION = "connection"
"""Set in `session.info` inside `writing()`, on PostgreSQL inside `reading()` too: where `models.direct` asks."""
JOURNALLED = "journalled"
QUEUED = "queued"
ARRIVED = "arrived"
"""Set in `session.info`: what the commit is news of, the journal, the queue of deliveries or that of arrivals."""

Journalled = Callable[[AsyncSession], None]


def is_writing() -> bool:
    """True inside `writing()`, where a network call would hold the database for others."""
    return _WRITING.get()


class Unreachable(Exception):
    """This database cannot be opened; the message is the reason in one line."""


class Signal:
    """Wakes everybody who waits for something to happen; a wake between two waits is not lost."""

    def __init__(self) -> None:
        self._count = 0
        self._future: asyncio.Future[None] | None = None

    @property
    def count(self) -> int:
        return self._count

    def set(self) -> None:
        self._count += 1
        if self._future is not None and not self._future.done():
            self._future.set_result(None)
        self._future = None

    async def wait(self, seen: int, *, at_most: float) -> int:
        """Return when the count differs from `seen`, or after `at_most` seconds; the count now."""
        if self._count == seen:
            if self._future is None:
                self._future = asyncio.get_running_loop().create_future()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(at_most):  # `wait_for` forgets a cancellation that meets what it waits for
                    await asyncio.shield(self._future)
        return self._count


class Database:
    """One instance's database."""

    def __init__(self, url: str, *, instance: Instance) -> None:
        self.url = make_url(url)
        self.instance = instance
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.changed = Signal()
        self.queued = Signal()
        self.arrived = Signal()
        self.kept: dict[Any, Any] = {}
        """What this process remembers of this database, by whose memory it is."""
        self.on_journalled: Journalled | None = None
        """Told of each session whose entries in the journal are durable now, before anybody is woken (SQLite only)."""
        self._listener: Any = None
        self._idle: sqlite.Connection | None = None
        """The writer's connection while SQLAlchemy is not at it."""
        self._moments: Moments
        if self.is_sqlite:
            moments = self._moments = SqliteMoments(self.url.database or ":memory:")
            self._slow = sqlite.Slow()
            shared = sqlite.Shared()
            self._commits = Commits(shared, moments)
            self._reader = self._sqlite("BEGIN", pool_size=_READERS, max_overflow=_READERS)
            self._asking = self._reader
            self._writer = self._sqlite("BEGIN IMMEDIATE", shared, pool_size=1, max_overflow=0)
            self._note_when_idle(self._writer)
        else:
            from models import postgresql  # it takes time to load, and most have SQLite

            self._reader = self._writer = postgresql.engine(self.url)
            self._asking = self._reader
            self._moments = PostgresMoments(functools.partial(postgresql.connect, self.url))

    def _sqlite(self, begin: str, shared: sqlite.Shared | None = None, **pool: int) -> AsyncEngine:
        path = self.url.database or ":memory:"
        slow = self._slow

        async def connect() -> sqlite.Connection:
            connection = sqlite.Connection(path, begin=begin, slow=slow, shared=shared)
            await connection
            return connection

        # who asks gets the connection that was used last: it has in memory what is asked most
        engine = create_async_engine(self.url, async_creator=connect, pool_use_lifo=True, **pool)
        sqlite.take_over(engine.sync_engine.dialect)
        return engine

    def _note_when_idle(self, engine: AsyncEngine) -> None:
        @event.listens_for(engine.sync_engine, "checkin")
        def returned(connection: Any, _record: object) -> None:
            self._idle = connection.driver_connection if connection is not None else None

        @event.listens_for(engine.sync_engine, "checkout")
        def taken(*_: object) -> None:
            self._idle = None

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A session that only asks; everything in it is seen at one moment (SQLite) or statement by statement."""
        if self.is_sqlite:
            async with self._session(self._asking, autoflush=False) as session:
                yield session
        else:
            async with self._straight(writes=False) as (session, _):
                yield session

    @contextlib.asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        """One transaction: committed at the end of the block, rolled back when it raises; no network inside."""
        if not self.is_sqlite:
            token = _WRITING.set(True)
            try:
                async with self._straight(writes=True) as (session, connection):
                    yield session
                    if session.in_transaction():
                        await session.flush()
                    news = _news_of(session)
                    connection.tell_with_commit(_CHANNEL, news)
                    if session.in_transaction():
                        await session.commit()
                    await connection.commit()
            finally:
                _WRITING.reset(token)
            self._wake(news)
            return
        async with self._commits.work() as work, self._transaction() as session:
            yield session
            if session.in_transaction():
                await session.commit()
            if CONNECTION in session.info:
                await session.info[CONNECTION].commit()
            news = _news_of(session)
            if news:
                work.on_durable = functools.partial(self._tell, session, news)

    @contextlib.asynccontextmanager
    async def _straight(self, *, writes: bool) -> AsyncIterator[tuple[AsyncSession, "postgresql.Straight"]]:
        """A session on a connection of PostgreSQL of its own."""
        from models import postgresql

        connection = await self._writer.connect()
        is_over = False
        try:
            session = AsyncSession(connection, expire_on_commit=False, autoflush=writes)
            attach(session.info, self.instance)
            straight = session.info[CONNECTION] = postgresql.Straight(connection, writes=writes)
            yield session, straight
            is_over = True
        finally:
            if is_over:  # nothing of it waits for the server
                session.sync_session.close()
                straight.let_go()
                await connection.close()
            else:
                await asyncio.shield(asyncio.create_task(_leave(session, straight, connection)))

    @contextlib.asynccontextmanager
    async def _transaction(self) -> AsyncIterator[AsyncSession]:
        token = _WRITING.set(True)
        try:
            async with self._session(self._writer, connection=self._idle) as session:
                yield session
        finally:
            _WRITING.reset(token)

    @contextlib.asynccontextmanager
    async def _session(
        self, engine: AsyncEngine, *, autoflush: bool = True, connection: sqlite.Connection | None = None
    ) -> AsyncIterator[AsyncSession]:
        session = AsyncSession(engine, expire_on_commit=False, autoflush=autoflush)
        attach(session.info, self.instance)
        if connection is not None and connection.is_there:
            session.info[CONNECTION] = connection
            connection.begin_with_next()
        is_over = False
        try:
            yield session
            is_over = True
        finally:
            if not is_over:
                await asyncio.shield(asyncio.create_task(self._give_up(session)))
            elif session.in_transaction():
                await session.close()  # there is nothing in it that waits
            else:
                session.sync_session.close()

    async def _give_up(self, session: AsyncSession) -> None:
        await session.close()
        connection: sqlite.Connection | None = session.info.get(CONNECTION)
        if connection is not None and connection is self._idle:
            await connection.rollback()

    def _tell(self, session: AsyncSession, news: Sequence[str]) -> None:
        """Say what is durable now."""
        if self.on_journalled is not None and JOURNALLED in news:
            self.on_journalled(session)
        self._wake(news)

    async def moment(self) -> Moment:
        """What is equal later only if nothing was committed meanwhile, by whichever process; two that cannot be told
        apart differ. It can also say whether something of some tables was."""
        return await self._moments.now()

    def _wake(self, news: Iterable[str]) -> None:
        if JOURNALLED in news:
            self.changed.set()
        if QUEUED in news:
            self.queued.set()
        if ARRIVED in news:
            self.arrived.set()

    async def listen(self) -> None:
        """Let commits of other processes wake us too (PostgreSQL); SQLite's other processes are found by polling.

        Called again, it listens anew where the database ended the connection, and wakes everybody for what was missed.
        """
        if self.is_sqlite or (self._listener is not None and not self._listener.is_closed()):
            return
        from models import postgresql

        is_first = self._listener is None
        listener = await postgresql.connect(self.url)
        await listener.add_listener(_CHANNEL, lambda *told: self._wake(str(told[-1]).split()))
        self._listener = listener
        if not is_first:
            self._wake((JOURNALLED, QUEUED, ARRIVED))

    async def close(self) -> None:
        if self._listener is not None:
            await self._listener.close()
            self._listener = None
        await self._moments.close()
        await self._reader.dispose()
        if self._writer is not self._reader:
            await self._writer.dispose()

    @property
    def is_there(self) -> bool:
        """Whether there is something to open; an SQLite file that is missing would be made by opening it."""
        file = self.url.database if self.is_sqlite else None
        return not file or file == ":memory:" or Path(file).exists()

    async def reach(self) -> None:
        """Make sure that it can be opened. Raises Unreachable."""
        try:
            if self.is_sqlite:  # tried without the driver, whose thread would outlive the failure
                await asyncio.to_thread(_open_file, self.url.database or ":memory:")
            else:
                async with self._reader.connect():
                    pass
        except (OSError, sqlite3.Error, SQLAlchemyError) as error:
            reason = str(getattr(error, "orig", None) or error)
            raise Unreachable(" ".join(reason.split()) or type(error).__name__) from None

    @property
    def engine(self) -> AsyncEngine:
        """For migrations and checks."""
        return self._writer


async def _leave(session: AsyncSession, straight: "postgresql.Straight", connection: AsyncConnection) -> None:
    """Take back what was done, wherever it ended."""
    try:
        await session.close()
        await straight.roll_back()
    finally:
        straight.let_go()
        await connection.close()


def _news_of(session: AsyncSession) -> list[str]:
    return [name for name in (JOURNALLED, QUEUED, ARRIVED) if session.info.get(name)]


def _open_file(path: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA schema_version")
