"""Many small writes in one transaction: what comes while the disk is busy waits for the next commit together.

A write is acknowledged when its commit is durable, never before. One that fails takes no neighbour along: the others
of its batch are written again, each alone.
"""

import asyncio
from collections.abc import Awaitable, Callable

from sqlalchemy.ext.asyncio import AsyncSession

from models.database import Database

Write = Callable[[AsyncSession], Awaitable[object]]
MOST = 256


class GroupCommit:
    """Runs writes in the order they came, as many at once as have gathered."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Write, asyncio.Future[None]]] = []
        self._task: asyncio.Task[None] | None = None

    async def write(self, database: Database, write: Write) -> None:
        """Return when what `write` does with its session is durable; its exceptions are the caller's."""
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((write, done))
        if self._task is None:
            self._task = asyncio.create_task(self._run(database), name="group commit")
        await done

    async def _run(self, database: Database) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                await _commit(database, batch)
        finally:
            self._task = None
            for _, done in self._waiting:  # only when the server goes down in the middle of it
                done.cancel()
            self._waiting = []


async def _commit(database: Database, batch: list[tuple[Write, asyncio.Future[None]]]) -> None:
    try:
        async with database.writing() as session:
            for write, _ in batch:
                await write(session)
    except Exception as error:
        if len(batch) > 1:
            for one in batch:
                await _commit(database, [one])
        elif not batch[0][1].done():
            batch[0][1].set_exception(error)
        return
    for _, done in batch:
        if not done.done():
            done.set_result(None)
