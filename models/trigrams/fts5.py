"""Trigrams by FTS5.

A new or edited post waits in `posts_without_trigrams`, whose posts are read one by one, until `take_in` puts
many into the index at once: each by itself would cost a sixth of what it costs to post. Triggers keep the two in step
with the posts, whatever changes these.
"""

import sqlite3

from sqlalchemy import BigInteger, ColumnElement, Connection, bindparam, column, text
from sqlalchemy.ext.asyncio import AsyncSession

from models.database import Database
from models.tables import Post

NAMES = ("post_trigrams", "posts_without_trigrams")
AT_ONCE = 500
_TRIGRAM = 3
_MOST = 64
"""So many trigrams of a query are asked for: the texts are compared anyway."""
_SINCE = (3, 34)
"""The SQLite that learned to cut texts into trigrams."""
_TRIGGERS = ("post_trigrams_new", "post_trigrams_edited", "post_trigrams_gone")


def _text(row: str) -> str:
    return f"{row}.title || ' ' || {row}.source || ' ' || {row}.html"


_FORGET_OLD = f"""
INSERT INTO post_trigrams (post_trigrams, rowid, text) SELECT 'delete', OLD.id, {_text("OLD")}
WHERE NOT EXISTS (SELECT 1 FROM posts_without_trigrams WHERE post_id = OLD.id);
"""  # noqa: S608 - like all here, of names of ours
_MADE = (
    "DROP TABLE IF EXISTS post_trigrams",
    "DROP TABLE IF EXISTS posts_without_trigrams",
    "CREATE VIRTUAL TABLE post_trigrams USING fts5(text, content='', tokenize='trigram', detail='none', columnsize=0)",
    "CREATE TABLE posts_without_trigrams (post_id INTEGER PRIMARY KEY)",
    f"INSERT INTO post_trigrams (rowid, text) SELECT id, {_text('posts')} FROM posts WHERE boost_of_id IS NULL",  # noqa: S608
    """CREATE TRIGGER post_trigrams_new AFTER INSERT ON posts WHEN NEW.boost_of_id IS NULL
    BEGIN INSERT INTO posts_without_trigrams VALUES (NEW.id) ON CONFLICT DO NOTHING; END""",
    f"""CREATE TRIGGER post_trigrams_edited AFTER UPDATE OF title, source, html ON posts
    WHEN OLD.boost_of_id IS NULL
    AND (OLD.title IS NOT NEW.title OR OLD.source IS NOT NEW.source OR OLD.html IS NOT NEW.html)
    BEGIN {_FORGET_OLD} INSERT INTO posts_without_trigrams VALUES (OLD.id) ON CONFLICT DO NOTHING; END""",  # noqa: S608
    f"""CREATE TRIGGER post_trigrams_gone AFTER DELETE ON posts WHEN OLD.boost_of_id IS NULL
    BEGIN {_FORGET_OLD} DELETE FROM posts_without_trigrams WHERE post_id = OLD.id; END""",  # noqa: S608
)
_NEXT = f"(SELECT post_id FROM posts_without_trigrams ORDER BY post_id LIMIT {AT_ONCE})"  # noqa: S608
_TAKE_IN = text(
    f"INSERT INTO post_trigrams (rowid, text) SELECT id, {_text('posts')} FROM posts WHERE id IN {_NEXT}"  # noqa: S608
)
_TAKEN_IN = text(f"DELETE FROM posts_without_trigrams WHERE post_id IN {_NEXT}")  # noqa: S608
_WAITS = text("SELECT 1 FROM posts_without_trigrams LIMIT 1")
_IS_KEPT = text(f"SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND name IN {_TRIGGERS}")  # noqa: S608
_MANY = 2000
"""Of so many posts the newest twenty are sooner found one after the other than collected."""
_COUNT = text(
    f"SELECT count(*) FROM (SELECT 1 FROM post_trigrams WHERE post_trigrams MATCH :trigrams LIMIT {_MANY})"  # noqa: S608
)
_WITH_ALL = (
    text(
        "SELECT rowid AS id FROM post_trigrams WHERE post_trigrams MATCH :trigrams"
        " UNION ALL SELECT post_id FROM posts_without_trigrams"
    )
    .bindparams(bindparam("trigrams"))
    .columns(column("id", BigInteger))
)


async def keep(database: Database) -> None:
    """Make the index where there is none and it can be had, and take it away where it could not be kept up. A hundred
    thousand posts take some seconds."""
    async with database.engine.connect() as connection:
        is_kept, is_possible = await connection.run_sync(lambda plain: (_is_kept(plain), _is_possible(plain)))
    if is_kept != is_possible:
        async with database.engine.begin() as connection:
            await connection.run_sync(_make if is_possible else _unmake)


def _is_kept(connection: Connection) -> bool:
    return bool(connection.scalar(_IS_KEPT) == len(_TRIGGERS))


def _is_possible(connection: Connection) -> bool:
    modules = {name for (name,) in connection.execute(text("PRAGMA module_list"))}
    return "fts5" in modules and sqlite3.sqlite_version_info >= _SINCE


def _make(connection: Connection) -> None:
    _unmake(connection)
    for step in _MADE:
        connection.exec_driver_sql(step)


def _unmake(connection: Connection) -> None:
    """The triggers alone: what they kept up cannot be dropped without what it is made by, and is made anew."""
    for name in _TRIGGERS:
        connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}")


async def take_in(session: AsyncSession) -> bool:
    """Put posts that wait into the index, the oldest first; whether there were any."""
    if not await waits(session):
        return False
    await session.execute(_TAKE_IN)
    await session.execute(_TAKEN_IN)
    return True


async def waits(session: AsyncSession) -> bool:
    """Whether there are posts that are not in the index."""
    return await _is_in_use(session) and await session.scalar(_WAITS) is not None


async def candidates(session: AsyncSession, words: list[str]) -> ColumnElement[bool] | None:
    """A condition that holds for all posts in which all of `words` are, and for few others. None: they are too short
    for one, many posts have them, or there is no index."""
    wanted = {word[at : at + _TRIGRAM] for word in words for at in range(len(word) - _TRIGRAM + 1)}
    wanted = {trigram for trigram in wanted if "\0" not in trigram}
    if not wanted or not await _is_in_use(session):
        return None
    quoted = ['"' + trigram.replace('"', '""') + '"' for trigram in sorted(wanted)[:_MOST]]
    asked = " AND ".join(quoted)
    if await session.scalar(_COUNT, {"trigrams": asked}) == _MANY:
        return None
    return Post.id.in_(_WITH_ALL.bindparams(trigrams=asked))


async def _is_in_use(session: AsyncSession) -> bool:
    return bool(await session.scalar(_IS_KEPT) == len(_TRIGGERS))
