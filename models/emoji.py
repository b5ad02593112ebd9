"""Custom emoji: which pictures the shortcodes of a server stand for, ours included, and which of them a text uses.

A post or profile keeps the shortcodes that came with it; the pictures are kept once for each server and shortcode.
"""

import functools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast
from urllib.parse import urlsplit

from sqlalchemy import Insert, String, Table, select, update
from sqlalchemy import cast as sql_cast
from sqlalchemy.ext.asyncio import AsyncSession

from models import audit, policy
from models.base import insert_for, new_id
from models.errors import Invalid, NotFound
from models.instance import instance_of
from models.tables import Actor, Emoji, Post
from models.text.clean import clean_line
from models.viewers import Staff

MOST = 100
LARGEST = 262_144
"""Bytes of a picture (CNT-6)."""
_OURS = re.compile(r"[A-Za-z0-9_]{2,30}")
_CATEGORY = 60
_USED = re.compile(r":([A-Za-z0-9_]{1,64}):")


async def keep(session: AsyncSession, host: str, pictures: Mapping[str, str]) -> list[str]:
    """Remember what the server `host` means by its shortcodes; which these are."""
    told = dict(list(pictures.items())[:MOST])
    if not told:
        return []
    # in one order, so that two transactions never wait for one another
    rows = [{"id": new_id(), "host": host, "shortcode": name, "url": url} for name, url in sorted(told.items())]
    await session.execute(_keeping(session.get_bind().dialect.name), rows)
    return sorted(told)


@functools.cache
def _keeping(dialect: str) -> Insert:
    statement = insert_for(dialect, cast(Table, Emoji.__table__))
    told = statement.excluded
    known = ["host", "shortcode"]
    return statement.on_conflict_do_update(index_elements=known, set_={"url": told.url}, where=Emoji.url != told.url)


# Ours


class BadShortcode(Invalid):
    """A name of an emoji has two to thirty letters, digits or underscores."""

    code = "bad_shortcode"


class ShortcodeTaken(Invalid):
    """The house has an emoji of that name already."""

    code = "shortcode_taken"


async def add_own(
    session: AsyncSession, shortcode: str, *, file: str, media_type: str, by: Staff, category: str = ""
) -> Emoji:
    """Give the house an emoji, whose picture is `file` of the media directory.

    Raises: NotAllowed, BadShortcode, ShortcodeTaken.
    """
    policy.must_administer(by)
    if not _OURS.fullmatch(shortcode):
        raise BadShortcode(field="shortcode")
    if await own(session, shortcode) is not None:
        raise ShortcodeTaken(field="shortcode")
    instance = instance_of(session)
    row = Emoji(
        host=instance.host,
        shortcode=shortcode,
        url=instance.url(own_path(file)),
        file=file,
        media_type=media_type,
        category=clean_line(category, limit=_CATEGORY) or None,
        is_listed=True,
    )
    session.add(row)
    await session.flush()
    audit.note(session, "emoji_added", by=by, shortcode=shortcode)
    return row


def own_path(file: str) -> str:
    """Where everybody may fetch the picture of an emoji of ours; its name cannot be guessed."""
    return f"/media/own-emoji/{file}"


async def change_own(session: AsyncSession, emoji_id: int, *, category: str, is_listed: bool, by: Staff) -> None:
    """Sort one elsewhere; clients offer those that are `is_listed`. Raises NotFound, NotAllowed."""
    row = await _of_house(session, emoji_id, by=by)
    row.category, row.is_listed = clean_line(category, limit=_CATEGORY) or None, is_listed
    audit.note(session, "emoji_changed", by=by, shortcode=row.shortcode)


async def remove_own(session: AsyncSession, emoji_id: int, *, by: Staff) -> str:
    """Forget one; its shortcode is text again where it was used. The file to remove. Raises NotFound, NotAllowed."""
    row = await _of_house(session, emoji_id, by=by)
    await session.delete(row)
    audit.note(session, "emoji_removed", by=by, shortcode=row.shortcode)
    await _forget(session, row.shortcode)
    return row.file or ""


async def _forget(session: AsyncSession, shortcode: str) -> None:
    """Take a shortcode of ours from the posts and profiles that have it. What is kept of them goes by the version of
    the author, who has another one then; nobody elsewhere is told."""
    word = f'"{shortcode}"'
    posts = select(Post.id, Post.author_id, Post.emoji).where(Post.is_local, _as_text(Post.emoji).contains(word))
    people = select(Actor.id, Actor.id, Actor.emoji).where(Actor.host == "", _as_text(Actor.emoji).contains(word))
    changed: set[int] = set()
    for table, used in ((Post, posts), (Actor, people)):
        rows = [row for row in await session.execute(used) if shortcode in row[2]]
        changed |= {row[1] for row in rows}
        if rows:
            left = [{"id": row[0], "emoji": [name for name in row[2] if name != shortcode]} for row in rows]
            await session.execute(update(table), left)
    if changed:
        raised = update(Actor).where(Actor.id.in_(changed)).values(version=Actor.version + 1)
        await session.execute(raised.execution_options(synchronize_session=False))


def _as_text(column: Any) -> Any:
    return sql_cast(column, String)


async def _of_house(session: AsyncSession, emoji_id: int, *, by: Staff) -> Emoji:
    policy.must_administer(by)
    row = await session.get(Emoji, emoji_id)
    if row is None or row.file is None:
        raise NotFound(emoji_id=emoji_id)
    return row


async def own(session: AsyncSession, shortcode: str) -> Emoji | None:
    """An emoji of the house by its name."""
    return await find(session, instance_of(session).host, shortcode)


async def all_own(session: AsyncSession) -> Sequence[Emoji]:
    """The emoji of the house, in the order of their names."""
    mine = select(Emoji).where(Emoji.host == instance_of(session).host, Emoji.file.is_not(None))
    return (await session.scalars(mine.order_by(Emoji.shortcode))).all()


async def own_file(session: AsyncSession, file: str) -> Emoji | None:
    return await session.scalar(select(Emoji).where(Emoji.file == file))


async def rows_in(session: AsyncSession, *texts: str) -> Sequence[Emoji]:
    """The emoji of the house in some texts, by name; nothing is asked where no text has a shortcode."""
    wanted = {name for text in texts if ":" in text for name in _USED.findall(text)}
    if not wanted:
        return ()
    mine = select(Emoji).where(Emoji.host == instance_of(session).host, Emoji.shortcode.in_(wanted))
    return (await session.scalars(mine.order_by(Emoji.shortcode).limit(MOST))).all()


async def own_in(session: AsyncSession, *texts: str) -> list[str]:
    """Their shortcodes."""
    return [row.shortcode for row in await rows_in(session, *texts)]


async def rows_of(session: AsyncSession, actor: Actor) -> Sequence[Emoji]:
    """The emoji of the house in name, text and fields of one of our actors."""
    return await rows_in(session, actor.display_name, actor.about_source, *in_fields(actor))


def in_fields(actor: Actor) -> Iterator[str]:
    """The texts in the lines of a profile."""
    for line in actor.fields:
        yield from (str(line.get("name", "")), str(line.get("value", "")))


async def find(session: AsyncSession, host: str, shortcode: str) -> Emoji | None:
    return await session.scalar(select(Emoji).where(Emoji.host == host, Emoji.shortcode == shortcode))


def home_of(told: Post | Actor) -> str:
    """The server whose emoji a post or profile uses."""
    return (isinstance(told, Actor) and told.host) or home_by(told.uri)


def home_by(uri: str) -> str:
    return urlsplit(uri).netloc.lower()


def used(known: Iterable[str], *texts: str) -> Iterator[str]:
    """Which of the shortcodes `known` stand in one of `texts`, each once."""
    wanted = set(known)
    if wanted:
        for shortcode in dict.fromkeys(name for text in texts for name in _USED.findall(text)):
            if shortcode in wanted:
                yield shortcode
