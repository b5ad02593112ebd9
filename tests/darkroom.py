"""Workers for pictures, kept from one test to the next: starting one takes ten times as long as a small picture."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any, ClassVar

from server.images.pool import Pool, _end


class KeptPool(Pool):
    """A pool whose idle workers serve the next one when it is closed."""

    _kept: ClassVar[list[ProcessPoolExecutor]] = []

    async def close(self) -> None:
        self._kept.extend(self._idle)
        self._idle.clear()
        await super().close()

    def _start(self) -> ProcessPoolExecutor:
        return self._kept.pop() if self._kept else super()._start()

    @classmethod
    def end(cls) -> None:
        """End the workers that wait for a next pool."""
        while cls._kept:
            _end(cls._kept.pop())


class HerePool:
    """Works on recordings in this process, and only while `opened`: those of tests are small and known."""

    opened: ClassVar[bool] = True
    fault: ClassVar[Exception | None] = None

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes

    async def run(self, work: Callable[..., Any], *args: Any) -> Any:
        while not HerePool.opened:  # noqa: ASYNC110 - a test opens it
            await asyncio.sleep(0.005)
        if HerePool.fault is not None:
            raise HerePool.fault
        return work(*args)

    async def close(self) -> None:
        pass
