"""Many small writes in one transaction, many small questions in one: what comes while the disk is busy, or while the
loop goes round, has the next one together.

A write is acknowledged when its commit is durable, never before. One that fails takes no neighbour along: the others
of its batch are done again, each alone.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, NamedTuple, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from models.database import Database

T = TypeVar("T")
R = TypeVar("R")

Write = Callable[[AsyncSession], Awaitable[object]]
Many = Callable[[AsyncSession, Sequence[T]], Awaitable[Sequence[R]]]
"""Writes several things of one sort, or asks about them, and says of each what came of it."""
MOST = 256
ROUNDS = 4
"""So often at most the loop goes round before a batch begins, as long as more comes each time."""
_MOMENTS = 6
_MOMENT_SECONDS = 0.001


class _Waiting(NamedTuple):
    many: Many[Any, Any]
    one: Any
    done: asyncio.Future[Any]


class _Group:
    """Does things in the order they came, as many at once as have gathered.

    `coming` says how many are there or on their way here: a batch waits for them, but not long.
    """

    def __init__(self, *, coming: Callable[[], int] | None = None) -> None:
        self._coming = coming
        self._waiting: list[_Waiting] = []
        self._task: asyncio.Task[None] | None = None

    async def add(self, database: Database, many: Many[T, R], one: T) -> R:
        """Have `many` deal with something together with others: what it says of this one."""
        done: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(many, one, done))
        if self._task is None:
            self._task = asyncio.create_task(self._run(database), name="group")
        return await done

    async def _run(self, database: Database) -> None:
        try:
            while self._waiting:
                await self._gather()
                batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                await self._do(database, batch)
        finally:
            self._task = None
            for waiting in self._waiting:  # only when the server goes down in the middle of it
                waiting.done.cancel()
            self._waiting = []

    async def _gather(self) -> None:
        """Let those come along whose requests are here already and were not looked at yet."""
        for _ in range(ROUNDS):
            before = len(self._waiting)
            await asyncio.sleep(0)
            if len(self._waiting) == before:
                break
        for _ in range(_MOMENTS):
            if self._coming is None or len(self._waiting) >= self._coming():
                break
            await asyncio.sleep(_MOMENT_SECONDS)

    async def _do(self, database: Database, batch: Sequence[_Waiting]) -> None:
        sorts: dict[Many[Any, Any], list[_Waiting]] = {}
        for waiting in batch:
            sorts.setdefault(waiting.many, []).append(waiting)
        try:
            async with self._session(database) as session:
                found = [await many(session, [each.one for each in ones]) for many, ones in sorts.items()]
        except Exception as error:
            if len(batch) > 1:
                for one in batch:
                    await self._do(database, [one])
            elif not batch[0].done.done():
                batch[0].done.set_exception(error)
            return
        for ones, told in zip(sorts.values(), found, strict=True):
            for waiting, result in zip(ones, told, strict=True):
                if not waiting.done.done():
                    waiting.done.set_result(result)

    def _session(self, database: Database) -> AbstractAsyncContextManager[AsyncSession]:
        raise NotImplementedError


class GroupCommit(_Group):
    """Runs writes; whoever waits goes on when theirs is durable."""

    async def write(self, database: Database, write: Write) -> None:
        """Return when what `write` does with its session is durable; its exceptions are the caller's."""
        await self.add(database, _each, write)

    def _session(self, database: Database) -> AbstractAsyncContextManager[AsyncSession]:
        return database.writing()


class GroupQuestions(_Group):
    """Asks, in a session that writes nothing."""

    def _session(self, database: Database) -> AbstractAsyncContextManager[AsyncSession]:
        return database.reading()


async def _each(session: AsyncSession, writes: Sequence[Write]) -> Sequence[object]:
    return [await write(session) for write in writes]
