"""Workers for pictures, kept from one test to the next: starting one takes ten times as long as a small picture."""

from concurrent.futures import ProcessPoolExecutor
from typing import ClassVar

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
