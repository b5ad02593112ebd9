"""What makes search quick: which posts have the letters of a word somewhere, three at a time.

An index of the database, where it can have one: by FTS5 on SQLite, by pg_trgm on PostgreSQL. It narrows down and
decides nothing: whoever searches compares the texts themselves and asks the policy, with it or without. It is made of
the posts and no part of the numbered steps: it comes when what it is made by is there.
"""

from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncSession

from models.database import Database
from models.trigrams import fts5, pg_trgm
from models.trigrams.pg_trgm import Lack

__all__ = ["NAMES", "Lack", "candidates", "complete", "keep", "lack", "take_in", "waits"]
NAMES = (*fts5.NAMES, pg_trgm.NAME)
"""How the names of tables and indexes begin that are here alone, and no migration knows."""


async def keep(database: Database) -> None:
    """At each start: make the index where that takes some seconds at most, and take it away where it could not be kept
    up."""
    if database.is_sqlite:
        await fts5.keep(database)
    else:
        await pg_trgm.make(database, at_most=pg_trgm.FEW)


async def complete(database: Database) -> None:
    """Make the index where that takes longer; people go on writing and searching meanwhile."""
    if not database.is_sqlite:
        await pg_trgm.make(database)


async def take_in(session: AsyncSession) -> bool:
    """Put posts that wait into the index, the oldest first; whether there were any. On PostgreSQL none wait."""
    return _is_sqlite(session) and await fts5.take_in(session)


async def waits(session: AsyncSession) -> bool:
    """Whether there are posts that are not in the index yet."""
    return _is_sqlite(session) and await fts5.waits(session)


async def candidates(session: AsyncSession, words: list[str]) -> ColumnElement[bool] | None:
    """A condition that holds for all posts in which all of `words` are, and for few others. None: they are too short
    for one, many posts have them, or there is no index."""
    if _is_sqlite(session):
        return await fts5.candidates(session, words)
    return await pg_trgm.candidates(session, words)


async def lack(session: AsyncSession) -> Lack | None:
    """Why search reads all posts, where the index could be had."""
    return None if _is_sqlite(session) else await pg_trgm.lack(session)


def _is_sqlite(session: AsyncSession) -> bool:
    return session.get_bind().dialect.name == "sqlite"
