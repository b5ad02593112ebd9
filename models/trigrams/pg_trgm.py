"""Trigrams by pg_trgm, which comes with PostgreSQL and which the owner of a database may switch on without being a
superuser. Where it is not installed or may not be switched on, search reads all posts; `kontor check` says so.

PostgreSQL keeps the index in step with the posts. What was written lately waits in a list of its own, which is read
along, until that is worth putting in its place: a post costs a twentieth of a millisecond more.
"""

import logging
import re
from enum import Enum

from sqlalchemy import ColumnElement, and_, literal_column, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from models.database import Database
from models.tables import Post
from models.words import anywhere

log = logging.getLogger(__name__)

NAME = "post_trigrams"
FEW = 10_000
"""So many posts are in the index after some tenths of a second."""
_MANY = 500
"""Of so many posts the newest twenty are sooner found one after the other than collected."""
_TEXT = "(title || ' ' || source || ' ' || html)"
_MAKE = f"CREATE INDEX CONCURRENTLY {NAME} ON posts USING gin ({_TEXT} {{}}.gin_trgm_ops) WHERE boost_of_id IS NULL"
_SWITCH_ON = "CREATE EXTENSION IF NOT EXISTS pg_trgm"
_ALONE = "SELECT pg_try_advisory_lock(7201003)"
_IS_MORE = "SELECT EXISTS (SELECT 1 FROM posts OFFSET $1)"
_EXTENSION = "SELECT extnamespace::regnamespace::text FROM pg_extension WHERE extname = 'pg_trgm'"
_IS_WHOLE = f"SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('{NAME}')"  # noqa: S608


class Lack(Enum):
    """Why there is no index that could be used."""

    EXTENSION = 1
    """PostgreSQL has nothing to make it by."""
    INDEX = 2
    """It is not made, or not to its end yet."""


async def lack(session: AsyncSession) -> Lack | None:
    if await session.scalar(text(_IS_WHOLE)):
        return None
    return Lack.INDEX if await session.scalar(text(_EXTENSION)) else Lack.EXTENSION


async def make(database: Database, *, at_most: int | None = None) -> None:
    """Make the index if there is none, or if somebody did not come to the end of it; not where there are more posts
    than `at_most`. Nobody waits for it: a hundred thousand posts take some seconds, in which others are written."""
    from models import postgresql

    connection = await postgresql.connect(database.url)
    try:
        is_whole = await connection.fetchval(_IS_WHOLE)
        if is_whole or (at_most is not None and await connection.fetchval(_IS_MORE, at_most)):
            return
        if not await connection.fetchval(_ALONE):  # until this connection ends; another process is at it
            return
        schema = await connection.fetchval(_EXTENSION)
        if schema is None:
            try:
                await connection.execute(_SWITCH_ON)
            except Exception as error:  # it is not installed, or we may not: the driver has a class for each reason
                log.warning("search reads all posts: there is no pg_trgm", extra={"reason": str(error)})
                return
            schema = await connection.fetchval(_EXTENSION)
        await connection.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {NAME}")
        await connection.execute(_MAKE.format(schema))
    finally:
        await connection.close()


async def candidates(session: AsyncSession, words: list[str]) -> ColumnElement[bool] | None:
    asked = [word for word in words if re.search(r"[^\W_]{3}", word)]
    if not asked or await lack(session) is not None:
        return None
    having = and_(Post.boost_of_id.is_(None), *(anywhere(word, literal_column(_TEXT)) for word in asked))
    # planned for all there are, and read until there are many: for a few it would rather look through the table
    found = select(Post.id).where(having).cte("found").prefix_with("MATERIALIZED")
    ids = list(await session.scalars(select(found.c.id).limit(_MANY)))
    return None if len(ids) == _MANY else Post.id.in_(ids)
