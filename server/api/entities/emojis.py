"""Mastodon's CustomEmoji."""

from collections.abc import Iterable
from typing import Any

from aiohttp import web

from models import emoji
from models.tables import Actor, Emoji, Post
from server import media
from server.context import CONFIG


def used_in(app: web.Application, told: Post | Actor, *texts: str) -> list[dict[str, Any]]:
    """The custom emoji of a post or profile that stand in `texts`, with addresses of ours."""
    return used_at(app, emoji.home_of(told) if told.emoji else "", told.emoji, *texts)


def used_at(app: web.Application, home: str, known: Iterable[str], *texts: str) -> list[dict[str, Any]]:
    """The same for the shortcodes `known`, whose pictures the server `home` has."""
    found = []
    for shortcode in emoji.used(known, *texts):
        url = media.emoji_of(app, home, shortcode)
        found.append({"shortcode": shortcode, "url": url, "static_url": url, "visible_in_picker": False})
    return found


def own_emoji(app: web.Application, row: Emoji) -> dict[str, Any]:
    """An emoji of the house, as clients offer it. Ours do not move: one picture is both."""
    url = app[CONFIG].base_url + emoji.own_path(row.file or "")
    return {
        "shortcode": row.shortcode,
        "url": url,
        "static_url": url,
        "visible_in_picker": row.is_listed,
        "category": row.category,
    }
