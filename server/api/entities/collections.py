"""Mastodon's smaller entities: lists, which are one's groups here and one's own, hashtags, markers."""

from collections.abc import Sequence
from typing import Any

from models.tables import Group, Marker, OwnList
from models.tags import Day, Featured, Standing
from server.api.entities.times import day, instant


def as_list(group: Group) -> dict[str, Any]:
    """A group somebody belongs to, as the list their clients show."""
    return {
        "id": str(group.id),
        "title": group.actor.shown_name,
        "replies_policy": "list",
        "exclusive": False,
        "kontor": {"group": group.actor.handle, "reach": str(group.reach)},
    }


def own_list(row: OwnList) -> dict[str, Any]:
    """A list that somebody made."""
    return {
        "id": str(row.id),
        "title": row.title,
        "replies_policy": str(row.replies_policy),
        "exclusive": row.is_exclusive,
        "kontor": None,
    }


def tag(base_url: str, standing: Standing) -> dict[str, Any]:
    """A hashtag, with how often it was used lately."""
    return {
        "id": standing.name,
        "name": standing.name,
        "url": _url(base_url, standing.name),
        "history": history(standing.days),
        "following": standing.is_followed,
        "featuring": standing.is_featured,
    }


def _url(base_url: str, name: str) -> str:
    return f"{base_url}/tags/{name}"


def history(days: Sequence[Day]) -> list[dict[str, str]]:
    """How often something was used on the last days, newest first; numbers are texts here."""
    return [{"day": str(each.begins), "accounts": str(each.people), "uses": str(each.uses)} for each in days]


def featured_tag(base_url: str, found: Featured) -> dict[str, Any]:
    """A hashtag on a profile."""
    return {
        "id": str(found.id),
        "name": found.name,
        "url": _url(base_url, found.name),
        "statuses_count": str(found.uses),
        "last_status_at": day(found.last_at),
    }


def marker(found: Marker) -> dict[str, Any]:
    return {
        "last_read_id": str(found.last_read_id),
        "version": found.version,
        "updated_at": instant(found.updated_at),
    }
