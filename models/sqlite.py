"""SQLite without needless detours.

aiosqlite has a thread for each connection, and SQLAlchemy crosses over to it four times for one statement. What SQLite
answers from memory in some microseconds then takes ten times as long. Here a statement is begun, run, read and closed
at once, and where it is known to be quick, without the thread. Whatever may wait for the disk or for another process
(committing, beginning to write while somebody else does) stays in the thread, and so does for a while any statement
that took long twice in a row.
"""

import contextlib
import sqlite3
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from enum import Enum
from threading import Thread
from time import monotonic, perf_counter
from typing import Any, Self, TypeVar

import aiosqlite
from aiosqlite.core import _connection_worker_thread

T = TypeVar("T")
C = TypeVar("C", bound=sqlite3.Connection)

QUICK_SECONDS = 0.003
"""What takes longer held up everybody else: when it does so again, it goes to the thread from then on."""
REMEMBERED_SECONDS = 300.0
_MOST_REMEMBERED = 500
_PATIENCE = 30_000
"""How many milliseconds whoever wants to write waits for another process."""
WRITER_CACHE = 8 * 1024 * 1024
READER_CACHE = 4 * 1024 * 1024
"""Bytes of pages that a connection keeps for itself: whoever reads has the file before them as it lies in memory, and
keeps only what is in the log still."""
_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    f"busy_timeout={_PATIENCE}",
    "temp_store=MEMORY",
    "mmap_size=268435456",
)


WATCHING: ContextVar[Callable[[str], None] | None] = ContextVar("watching", default=None)
"""Told of each statement that is asked outside `writing()`."""


def opened(path: str, *, cache: int = READER_CACHE, kind: type[C] = sqlite3.Connection) -> C:  # type: ignore[assignment]
    """A plain connection, set up for many readers beside one writer, for use by one thread at a time; it keeps `cache`
    bytes of pages at most."""
    connection = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False, factory=kind)
    for pragma in (*_PRAGMAS, f"cache_size=-{cache // 1024}"):
        connection.execute(f"PRAGMA {pragma}").close()
    return connection


class Slow:
    """Which statements took long lately; shared by the connections of a database."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}
        self._suspects: set[str] = set()

    def __contains__(self, sql: str) -> bool:
        until = self._until.get(sql)
        if until is None:
            return False
        if until < monotonic():
            del self._until[sql]
            return False
        return True

    def note(self, sql: str, seconds: float) -> None:
        """Once may be somebody else's fault, on a machine that has more to do than this."""
        if seconds <= QUICK_SECONDS:
            self._suspects.discard(sql)
        elif sql in self._suspects:
            self._suspects.discard(sql)
            self.add(sql)
        else:
            if len(self._suspects) >= _MOST_REMEMBERED:
                self._suspects.clear()
            self._suspects.add(sql)

    def add(self, sql: str) -> None:
        if len(self._until) >= _MOST_REMEMBERED:
            self._until.clear()
        self._until[sql] = monotonic() + REMEMBERED_SECONDS


def _work(tasks: Any) -> None:
    """The library's thread. When its loop has ended nobody waits for what was still under way."""
    with contextlib.suppress(RuntimeError):
        _connection_worker_thread(tasks)


class _Unit(Enum):
    """A unit of work under way: it began the transaction, or is a savepoint in one that was open."""

    FIRST = 1
    INNER = 2


class Shared:
    """A transaction in which several units of work are done one after the other, each for itself (`models.commits`)."""

    def __init__(self) -> None:
        self.connection: Connection | None = None
        """Where it stands open."""
        self.is_on = False
        """Whoever begins now does a unit of it."""
        self.has_begun = False
        """The unit of now asked for anything."""
        self.statements: set[str] = set()
        """What was run in it."""
        self.was_lost = False
        """Units that were done went with their connection; who is told of it says so by taking this back."""

    @property
    def is_open(self) -> bool:
        """There is something to commit."""
        return self.connection is not None and self.connection.is_in_transaction

    @property
    def is_broken(self) -> bool:
        """The unit of now ended in the middle of something: nothing can be added any more."""
        return self.connection is not None and self.connection.has_unit

    def opened_by(self, connection: "Connection") -> None:
        self.was_lost = self.connection is not None
        self.connection = connection

    async def commit(self) -> None:
        """Make all units durable, or none: then it raises, and nothing stands open any more."""
        connection, self.connection = self.connection, None
        if connection is not None:
            await connection.end()


class Connection(aiosqlite.Connection):
    """A connection whose transactions begin with their first statement; `begin` says how."""

    def __init__(self, path: str, *, begin: str, slow: Slow, shared: Shared | None = None) -> None:
        self._begin = begin
        self._may_wait = begin != "BEGIN"
        cache = WRITER_CACHE if self._may_wait else READER_CACHE
        super().__init__(lambda: opened(path, cache=cache), iter_chunk_size=64)
        self._thread = Thread(target=_work, args=(self._tx,), daemon=True)
        self._slow = slow
        self._shared = shared
        self._unit: _Unit | None = None
        self._is_due_to_begin = False
        self._under_way = 0

    def __del__(self) -> None:
        if self._connection is not None:  # its engine let go of it in the middle of something: nobody can close it now
            self.stop()

    def begin_with_next(self) -> None:
        """Let the next statement be the first of a transaction, unless a unit is under way."""
        self._is_due_to_begin = self._unit is None

    def cursor(self) -> "Cursor":  # type: ignore[override]
        return Cursor(self)

    async def ask(self, sql: str, parameters: Sequence[Any]) -> Sequence[Any]:
        """Run one statement in the transaction that is due; its rows."""

        def work() -> Sequence[Any]:
            cursor = self._conn.execute(sql, parameters)
            rows = cursor.fetchall() if cursor.description else ()
            cursor.close()
            return rows

        return await self.run(sql, work)

    @property
    def is_there(self) -> bool:
        return self._connection is not None

    @property
    def is_in_transaction(self) -> bool:
        return self._connection is not None and self._connection.in_transaction

    @property
    def has_unit(self) -> bool:
        """A unit of a shared transaction is under way."""
        return self._unit is not None

    async def commit(self) -> None:
        """Commit; the end of a unit only leaves what it did to be committed."""
        self._is_due_to_begin = False
        unit = self._unit
        if unit is not None:
            await self._here(lambda: self._keep(unit))
            self._unit = None
        elif not self._holds_units and self._conn.in_transaction:
            await self._begin_or_end(self._conn.commit)

    async def rollback(self) -> None:
        """Take back what was done since the transaction began, or the unit."""
        self._is_due_to_begin = False
        unit, self._unit = self._unit, None
        if unit is _Unit.INNER:
            await self._here(self._take_back)
            return
        if unit is _Unit.FIRST and self._shared is not None:
            self._shared.connection = None
        if not self._holds_units and (self._under_way or self._conn.in_transaction):
            await self._begin_or_end(self._conn.rollback)

    def rolls_back_now(self) -> bool:
        """Take back what was done, as `rollback` does, if that waits for nobody; whether it is so."""
        if self._unit is not None or self._under_way or (self._may_wait and self.is_in_transaction):
            return False
        self._is_due_to_begin = False
        if self.is_in_transaction:
            self._conn.rollback()
        return True

    async def end(self) -> None:
        """Commit all units; where one of them is still under way, take all of them back and raise."""
        unit, self._unit = self._unit, None

        def work() -> None:
            try:
                if unit is not None:
                    raise _lost()
                self._conn.commit()
            except BaseException:
                if self._conn.in_transaction:
                    self._conn.rollback()
                raise

        await self._elsewhere(work)

    def commits_of_others(self) -> object:
        """Equal to that of another time only when no other connection committed in between; None when it is not known.
        Not to be asked in a transaction."""
        if self._under_way or self._connection is None:
            return None
        return self, self._conn.execute("PRAGMA data_version").fetchone()[0]

    @property
    def _holds_units(self) -> bool:
        return self._shared is not None and self._shared.connection is self

    def _keep(self, unit: "_Unit") -> None:
        if not self._conn.in_transaction:
            raise _lost()
        if unit is _Unit.INNER:
            self._conn.execute("RELEASE unit").close()

    def _take_back(self) -> None:
        if self._conn.in_transaction:
            try:
                self._conn.execute("ROLLBACK TO unit").close()
                self._conn.execute("RELEASE unit").close()
            except BaseException:
                self._conn.rollback()
                raise

    async def run(self, sql: str, work: Callable[[], T]) -> T:
        """Do `work`, which is about `sql`, in the transaction that is due."""
        if self._is_due_to_begin:
            self._is_due_to_begin = False
            await self._begin_now()
        if self._unit is not None and self._shared is not None:
            self._shared.statements.add(sql)
        elif (watching := WATCHING.get()) is not None:
            watching(sql)
        if sql in self._slow:
            return await self._elsewhere(work)
        began = perf_counter()
        found = await self._here(work)
        self._slow.note(sql, perf_counter() - began)
        return found

    async def _begin_now(self) -> None:
        """Begin at once, unless another process writes just now: then wait for it in the thread."""
        shared = self._shared if self._shared is not None and self._shared.is_on else None
        if shared is not None:
            shared.has_begun = True
            if self._holds_units and self.is_in_transaction:
                await self._here(lambda: self._conn.execute("SAVEPOINT unit").close())
                self._unit = _Unit.INNER
                return

        def begin(patience: int) -> None:
            if self._may_wait:
                self._conn.execute(f"PRAGMA busy_timeout={patience}").close()
            self._conn.execute(self._begin).close()

        try:
            await self._here(lambda: begin(0))
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise
            await self._elsewhere(lambda: begin(_PATIENCE))
        if shared is not None:
            shared.opened_by(self)
            self._unit = _Unit.FIRST

    async def _begin_or_end(self, work: Callable[[], None]) -> None:
        """Who writes waits for other processes and for the disk; who only reads waits for nobody."""
        await (self._elsewhere if self._may_wait else self._here)(work)

    async def _here(self, work: Callable[[], T]) -> T:
        if self._under_way:  # whoever asked was cancelled, its statement runs on
            return await self._elsewhere(work)
        return work()

    async def _elsewhere(self, work: Callable[[], T]) -> T:
        def done() -> T:
            try:
                return work()
            finally:
                self._under_way -= 1

        self._under_way += 1
        result: T = await self._execute(done)  # type: ignore[no-untyped-call]
        return result


def _lost() -> sqlite3.OperationalError:
    return sqlite3.OperationalError("the transaction was lost")


def take_over(dialect: Any) -> None:
    """Let SQLAlchemy begin and roll back as `Connection` does, and not cross over to it where it would not wait.

    Whoever listens to an engine for it to begin has each connection prepare to tell of everything else, too.
    """
    rolls_back = dialect.do_rollback

    def do_rollback(connection: Any) -> None:
        driver: Connection | None = connection.driver_connection
        if driver is None or not driver.rolls_back_now():
            rolls_back(connection)

    dialect.do_begin = lambda connection: connection.driver_connection.begin_with_next()
    dialect.do_rollback = do_rollback


class Cursor:
    """What SQLAlchemy asks of a cursor; its rows are there as soon as the statement has run."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows: Sequence[Any] = ()
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        await self._run(sql, lambda plain: plain.execute(sql, parameters))

    async def executemany(self, sql: str, parameters: Sequence[Sequence[Any]]) -> None:
        await self._run(sql, lambda plain: plain.executemany(sql, parameters))

    async def _run(self, sql: str, ask: Callable[[sqlite3.Connection], sqlite3.Cursor]) -> None:
        def work() -> sqlite3.Cursor:
            cursor = ask(self._connection._conn)
            if cursor.description:
                self._rows = cursor.fetchall()
            return cursor

        cursor = await self._connection.run(sql, work)
        self.description = cursor.description
        self.rowcount = cursor.rowcount
        self.lastrowid = cursor.lastrowid
        cursor.close()

    async def fetchall(self) -> Sequence[Any]:
        rows, self._rows = self._rows, ()
        return rows

    async def close(self) -> None:
        self._rows = ()
