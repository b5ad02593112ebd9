"""Of whom something is true, asked once for as long as it can be no other.

Whoever reads the journal asks the same of the same few authors with each of their posts. On SQLite the answer stands
until a table was changed that it follows from (`models.moments`); on PostgreSQL it is asked each time.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Select

from models.database import Database
from models.direct import Direct
from models.prepared import padded
from models.written import tables_named

_MOST = 10_000


class Fact:
    """`statement` selects those of the parameter `ids` of whom it is true."""

    def __init__(self, statement: Select[int]) -> None:
        self._statement = Direct(statement)
        self._tables = tables_named(str(statement))

    async def among(self, database: Database, ids: Iterable[int]) -> set[int]:
        """Of which of `ids` it is true now."""
        wanted = set(ids)
        if not wanted:
            return set()
        known = await self._known(database)
        missing = wanted - known.keys()
        if missing:
            async with database.reading() as session:
                found = {each for [each] in await self._statement(session, {"ids": padded(missing)})}
            if len(known) >= _MOST:
                known.clear()
            known.update({each: each in found for each in missing})
            return found | {each for each in wanted - missing if known[each]}
        return {each for each in wanted if known[each]}

    async def _known(self, database: Database) -> dict[int, bool]:
        if not database.is_sqlite:
            return {}
        moment: Any = (await database.moment()).of(self._tables)
        kept = database.kept.get(self)
        if kept is None or kept[0] != moment:
            kept = database.kept[self] = (moment, {})
        known: dict[int, bool] = kept[1]
        return known
