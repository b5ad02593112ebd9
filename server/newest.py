"""Remembers beside the database how far its ledger was, so that an older one in its place is noticed (R-98).

The file lies with the uploads. Where both are put back together nothing is noticed here; a backup that was made by
`kontor backup` is halted by itself.
"""

import asyncio
import logging
from pathlib import Path

from models import halts
from models.database import Database
from models.tables import HaltReason

log = logging.getLogger(__name__)

FILE = ".ledger-line"


class Newest:
    """The number of the newest line that the ledger of this instance ever had."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._file = folder / FILE
        self._written = 0

    async def compare(self) -> bool:
        """Halt all deliveries when the ledger lacks lines it had; whether it does."""
        remembered = await asyncio.to_thread(self._read)
        async with self._database.reading() as session:
            if await halts.newest(session) >= remembered:
                return False
        log.error("the database is older than what was done here: deliveries are halted")
        async with self._database.writing() as session:
            await halts.begin(session, HaltReason.OUTDATED)
        await asyncio.to_thread(self._file.unlink, missing_ok=True)  # said once is enough
        return True

    async def remember(self) -> None:
        """Write down how far the ledger is now."""
        async with self._database.reading() as session:
            newest = await halts.newest(session)
        if newest > self._written:
            await asyncio.to_thread(self._write, newest)
            self._written = newest

    def _read(self) -> int:
        try:
            return int(self._file.read_text(encoding="ascii"))
        except (FileNotFoundError, ValueError):
            return 0

    def _write(self, number: int) -> None:
        half = self._file.with_suffix(".part")
        half.write_text(f"{number}\n", encoding="ascii")
        half.replace(self._file)
