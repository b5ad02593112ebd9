"""Custom emoji: which pictures the shortcodes of another server stand for, and which of them a text uses.

A post or profile keeps the shortcodes that came with it; the pictures are kept once for each server and shortcode.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from models.base import new_id
from models.tables import Actor, Emoji, Post

MOST = 100
LARGEST = 262_144
"""Bytes of a picture (CNT-6)."""
_USED = re.compile(r":([A-Za-z0-9_]{1,64}):")


async def keep(session: AsyncSession, host: str, pictures: Mapping[str, str]) -> list[str]:
    """Remember what the server `host` means by its shortcodes; which these are."""
    told = dict(list(pictures.items())[:MOST])
    if not told:
        return []
    # in one order, so that two transactions never wait for one another
    rows = [{"id": new_id(), "host": host, "shortcode": name, "url": url} for name, url in sorted(told.items())]
    await session.execute(_KEEP[session.get_bind().dialect.name], rows)
    return sorted(told)


def _keeping(insert: Callable[..., Any]) -> Any:
    statement = insert(Emoji.__table__)
    told = statement.excluded
    known = ["host", "shortcode"]
    return statement.on_conflict_do_update(index_elements=known, set_={"url": told.url}, where=Emoji.url != told.url)


_KEEP = {"postgresql": _keeping(postgresql.insert), "sqlite": _keeping(sqlite.insert)}


async def find(session: AsyncSession, host: str, shortcode: str) -> Emoji | None:
    return await session.scalar(select(Emoji).where(Emoji.host == host, Emoji.shortcode == shortcode))


def home_of(told: Post | Actor) -> str:
    """The server whose emoji a post or profile uses."""
    return told.host if isinstance(told, Actor) else urlsplit(told.uri).netloc.lower()


def used(known: Iterable[str], *texts: str) -> Iterator[str]:
    """Which of the shortcodes `known` stand in one of `texts`, each once."""
    wanted = set(known)
    if wanted:
        for shortcode in dict.fromkeys(name for text in texts for name in _USED.findall(text)):
            if shortcode in wanted:
                yield shortcode
