"""Lets writers of one process share a commit, for SQLite: it waits for the disk, and most verbs are done sooner.

Writers take turns. Who is done while others wait leaves the transaction open for the next, whose work is a savepoint in
it: what fails is taken back by itself. The last one, or who comes after enough others, has everything committed; the
last one lets those come first whose requests are here already and were not looked at yet. Nobody goes on before the
commit, not even who was refused: what they were told may hang on what somebody before them wrote. When the commit
fails, it fails for all of them.
"""

import asyncio
import contextlib
import sqlite3
import time
from collections import deque
from collections.abc import AsyncIterator, Callable

from msgspec import Struct, field
from sqlalchemy.exc import OperationalError

from models.moments import SqliteMoments
from models.sqlite import Shared

MOST = 64
"""So many at most share a commit."""
ROUNDS = 2
"""So often the loop goes round before a commit for which nobody else waits: a request is read in the first of them, and
begins to write in the second."""
LONGEST_SECONDS = 0.03
"""Whoever is done when the transaction has been open so long does not leave it to others any more."""


class Work(Struct, eq=False):
    """What one writer did. `on_durable` is called when it is committed, in the order in which it was done."""

    on_durable: Callable[[], None] | None = None
    end: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Commits:
    """The writers of one database, in this process."""

    def __init__(self, shared: Shared, moments: SqliteMoments) -> None:
        self._shared = shared
        self._moments = moments
        self._is_taken = False
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._done: list[Work] = []
        self._opened_at = 0.0
        self._committing: asyncio.Task[None] | None = None
        self._about_to_commit: asyncio.Handle | None = None

    @contextlib.asynccontextmanager
    async def work(self) -> AsyncIterator[Work]:
        """Have the writer's turn inside; whoever leaves goes on when what was done is durable."""
        await self._turn()
        work = Work()
        self._shared.is_on, self._shared.has_begun = True, False
        try:
            yield work
        except asyncio.CancelledError:
            self._leave(work)
            raise
        except BaseException:
            self._leave(work)
            await asyncio.shield(work.end)
            raise
        self._leave(work)
        await asyncio.shield(work.end)

    async def _turn(self) -> None:
        if not self._is_taken:
            self._is_taken = True
            self._opened_at = time.monotonic()
            return
        if self._about_to_commit is not None:
            self._about_to_commit.cancel()
            self._about_to_commit = None
            return
        place = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if not place.cancelled():  # it was given the turn a moment ago
                self._hand_on()
            raise

    def _leave(self, work: Work) -> None:
        """Note what was done, if anything was, and let the next one have the turn."""
        shared = self._shared
        shared.is_on = False
        if self._done and (shared.was_lost or not shared.is_open):  # with its connection, or SQLite took it back itself
            self._fail(sqlite3.OperationalError("the transaction was lost"))
        shared.was_lost = False
        if shared.has_begun and shared.is_open:
            self._done.append(work)
        else:
            work.end.set_result(None)
        self._hand_on()

    def _hand_on(self) -> None:
        shared = self._shared
        while self._waiting and self._waiting[0].done():
            self._waiting.popleft()
        is_full = len(self._done) >= MOST or time.monotonic() - self._opened_at >= LONGEST_SECONDS
        if shared.is_open and (is_full or shared.is_broken):
            self._begin_to_commit()
        elif self._waiting:
            if not shared.is_open:
                self._opened_at = time.monotonic()
            self._waiting.popleft().set_result(None)
        elif shared.is_open:
            self._commit_after(ROUNDS)
        else:
            self._is_taken = False

    def _commit_after(self, rounds: int) -> None:
        if rounds == 0:
            self._about_to_commit = None
            self._begin_to_commit()
        else:
            self._about_to_commit = asyncio.get_running_loop().call_soon(self._commit_after, rounds - 1)

    def _begin_to_commit(self) -> None:
        self._committing = asyncio.create_task(self._commit())

    async def _commit(self) -> None:
        shared = self._shared
        by, statements, shared.statements = shared.connection, shared.statements, set()
        self._moments.committing()
        try:
            try:
                await shared.commit()
            finally:
                self._moments.committed(by, statements)
        except BaseException as error:  # whoever waits has to hear of it, whatever it is
            self._fail(error)
        else:
            done, self._done = self._done, []
            for work in done:
                if work.on_durable is not None:
                    work.on_durable()
                work.end.set_result(None)
        finally:
            self._hand_on()

    def _fail(self, error: BaseException) -> None:
        done, self._done = self._done, []
        for work in done:
            is_ours = isinstance(error, sqlite3.Error)
            work.end.set_exception(OperationalError("COMMIT", None, error) if is_ours else error)
            work.end.exception()  # whoever did it may be gone
