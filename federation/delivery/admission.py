"""Whether a company may get anything: asked before each request, read from the database when it may have changed."""

import asyncio
import time
from collections.abc import Callable

from models import policy
from models.database import Database

AT_MOST_SECONDS = 1.0


class Admission:
    """`policy.admission` as of now: read again after every commit here, and once a second for commits elsewhere.

    Lanes that ask at the same time share one answer.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._turn = asyncio.Lock()
        self._admits: Callable[[str], bool] | None = None
        self._seen = -1
        self._read_at = 0.0

    async def admits(self, host: str) -> bool:
        admits = self._current()
        if admits is None:
            async with self._turn:
                admits = self._current() or await self._read()
        return admits(host)

    def _current(self) -> Callable[[str], bool] | None:
        is_old = self._seen != self._database.changed.count or time.monotonic() - self._read_at > AT_MOST_SECONDS
        return None if is_old else self._admits

    async def _read(self) -> Callable[[str], bool]:
        seen, at = self._database.changed.count, time.monotonic()
        async with self._database.reading() as session:
            self._admits = await policy.admission(session)
        self._seen, self._read_at = seen, at
        return self._admits
