"""Mastodon's Poll."""

from typing import Any

from aiohttp import web

from models.polls import Standing
from models.tables import Poll
from server.api.answers import encoded
from server.api.entities import emojis
from server.api.entities.times import maybe


def poll(app: web.Application, standing: Standing) -> dict[str, Any]:
    """A poll for who asks; `voted` and `own_votes` are for people of the house, counts to be hidden are null."""
    row = standing.poll
    shows = standing.shows_totals
    body: dict[str, Any] = {
        "id": str(row.id),
        "expires_at": maybe(row.ends_at),
        "expired": standing.is_over,
        "multiple": row.is_multiple,
        "votes_count": standing.votes,
        "voters_count": row.voters,
        "options": [{"title": option.title, "votes_count": option.votes if shows else None} for option in row.options],
        "emojis": emojis.used_at(app, standing.home, standing.emoji, *(option.title for option in row.options)),
    }
    if standing.own is not None:
        body["voted"] = standing.has_voted
        body["own_votes"] = sorted(standing.own)
    return body


def spliced(app: web.Application, standing: Standing | None) -> bytes:
    return b"null" if standing is None else encoded(poll(app, standing))


def asked(row: Poll) -> dict[str, Any]:
    """What was asked, as a history of a post shows it: no counts."""
    return {"options": [{"title": option.title} for option in row.options]}
