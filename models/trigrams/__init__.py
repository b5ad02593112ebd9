"""What makes search quick: which posts have the letters of a word somewhere, three at a time.

An index of the database, where it can have one: SQLite by FTS5 (`sqlite`), PostgreSQL by pg_trgm (`postgresql`). It
narrows down and decides nothing: whoever searches compares the texts themselves and asks the policy, with it or
without. It is made of the posts and no part of the numbered steps: it comes when what it is made by is there.
"""

from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncSession

from models.database import Database
from models.trigrams import postgresql, sqlite
from models.trigrams.postgresql import Lack

__all__ = ["NAMES", "Lack", "candidates", "complete", "keep", "lack", "take_in", "waits"]
NAMES = (*sqlite.NAMES, postgresql.NAME)
"""How the names of tables and indexes begin that are here alone, and no migration knows."""


async def keep(database: Database) -> None:
    """At each start: make the index where that takes some seconds at most, and take it away where it could not be kept
    up."""
    if database.is_sqlite:
        await sqlite.keep(database)
    else:
        await postgresql.make(database, at_most=postgresql.FEW)


async def complete(database: Database) -> None:
    """Make the index where that takes longer; people go on writing and searching meanwhile."""
    if not database.is_sqlite:
        await postgresql.make(database)


async def take_in(session: AsyncSession) -> bool:
    """Put posts that wait into the index, the oldest first; whether there were any. On PostgreSQL none wait."""
    return _is_sqlite(session) and await sqlite.take_in(session)


async def waits(session: AsyncSession) -> bool:
    """Whether there are posts that are not in the index yet."""
    return _is_sqlite(session) and await sqlite.waits(session)


async def candidates(session: AsyncSession, words: list[str]) -> ColumnElement[bool] | None:
    """A condition that holds for all posts in which all of `words` are, and for few others. None: they are too short
    for one, many posts have them, or there is no index."""
    if _is_sqlite(session):
        return await sqlite.candidates(session, words)
    return await postgresql.candidates(session, words)


async def lack(session: AsyncSession) -> Lack | None:
    """Why search reads all posts, where the index could be had."""
    return None if _is_sqlite(session) else await postgresql.lack(session)


def _is_sqlite(session: AsyncSession) -> bool:
    return session.get_bind().dialect.name == "sqlite"
