"""Works off what is to be put right with groups elsewhere, one at a time, and writes down what the wire decided."""

import asyncio
import contextlib
import logging

from federation import decisions
from federation.errors import ProtocolError
from federation.upkeep import backfill, comparing, threads
from federation.wire import Wire
from models import upkeep
from models.base import now
from models.errors import DomainError
from models.tables import Backfill, Comparison

log = logging.getLogger(__name__)

SECONDS = 120.0
_POLL_SECONDS = 30.0
_PAUSE_SECONDS = 5.0
_PACE_SECONDS = 1.0


class Upkeep:
    """The upkeep of one instance; any number of these share the work on PostgreSQL."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop`; what is under way then will be done again."""
        database = self._wire.database
        while not stop.is_set():
            seen, seconds = database.changed.count, _POLL_SECONDS
            try:
                await self.drain(stop)
                async with database.reading() as session:
                    due = await upkeep.next_due(session)
                if due is not None:
                    seconds = min(max((due - now()).total_seconds(), 0.0), _POLL_SECONDS)
            except Exception:
                log.exception("upkeep failed")
                seconds = _PAUSE_SECONDS
            await database.changed.wait(seen, at_most=seconds)
            with contextlib.suppress(TimeoutError):  # nothing here is urgent, and a busy inbox changes all the time
                async with asyncio.timeout(_PACE_SECONDS):
                    await stop.wait()
        await decisions.write(self._wire, is_last=True)

    async def drain(self, stop: asyncio.Event | None = None) -> int:
        """Do everything that is due now; how much that was."""
        count = 0
        await decisions.write(self._wire)
        while stop is None or not stop.is_set():
            async with self._wire.database.reading() as session:
                due = await upkeep.next_due(session)
            if due is None or due > now():
                break
            for table in upkeep.TABLES:
                async with self._wire.database.writing() as session:
                    row = await upkeep.claim(session, table)
                if row is not None:
                    count += 1
                    await self._do(row)
        return count

    async def _do(self, row: upkeep.Task) -> None:
        try:
            async with asyncio.timeout(SECONDS):
                if isinstance(row, Comparison):
                    await comparing.compare(self._wire, row)
                elif isinstance(row, Backfill):
                    await backfill.fill(self._wire, row)
                else:
                    await threads.fill(self._wire, row)
        except (ProtocolError, DomainError, TimeoutError) as error:
            log.info("upkeep waits", extra={"task": type(row).__name__, "why": repr(error)})
        except Exception:
            log.exception("upkeep failed", extra={"task": type(row).__name__})
