"""Mastodon's Announcement and its reactions."""

from collections.abc import Iterable, Mapping
from typing import Any

from aiohttp import web

from models import emoji
from models.announcements import Sign
from models.tables import Actor, Announcement, Emoji
from server.api.entities.emojis import own_emoji
from server.api.entities.statuses import mention
from server.api.entities.times import instant, maybe
from server.context import CONFIG


def announcement(
    app: web.Application,
    row: Announcement,
    *,
    is_read: bool | None,
    signs: Iterable[Sign],
    emojis: Mapping[str, Emoji],
    mentions: Iterable[Actor],
    tags: Iterable[str],
    statuses: Iterable[Mapping[str, str]],
) -> dict[str, Any]:
    """An announcement; `emojis` are those of the house. Without `is_read` it is told to all, and says nothing of it."""
    base = app[CONFIG].base_url
    entity = {
        "id": str(row.id),
        "content": row.html,
        "starts_at": maybe(row.starts_at),
        "ends_at": maybe(row.ends_at),
        "all_day": row.is_all_day,
        "published_at": instant(row.published_at),
        "updated_at": instant(row.updated_at),
        "mentions": [mention(actor) for actor in mentions],
        "statuses": list(statuses),
        "tags": [{"name": tag, "url": f"{base}/tags/{tag}"} for tag in tags],
        "emojis": [own_emoji(app, emojis[name]) for name in emoji.used(emojis, row.source)],
        "reactions": reactions(app, signs, emojis, is_own=is_read is not None),
    }
    return entity if is_read is None else {**entity, "read": is_read}


def reactions(
    app: web.Application, signs: Iterable[Sign], emojis: Mapping[str, Emoji], *, is_own: bool = True
) -> list[dict[str, Any]]:
    return [reaction(app, sign, emojis, is_own=is_own) for sign in signs]


def reaction(app: web.Application, sign: Sign, emojis: Mapping[str, Emoji], *, is_own: bool = True) -> dict[str, Any]:
    """One sign; told to everybody it does not say whose it is."""
    entity: dict[str, Any] = {"name": sign.name, "count": sign.count}
    if is_own:
        entity["me"] = sign.is_own
    if sign.name in emojis:
        picture = own_emoji(app, emojis[sign.name])
        entity |= {"url": picture["url"], "static_url": picture["static_url"]}
    return entity
