"""Mastodon's smaller entities: lists, which are one's groups here, hashtags, markers."""

from typing import Any

from models.tables import Group, Marker
from server.api.entities.times import instant


def as_list(group: Group) -> dict[str, Any]:
    """A group somebody belongs to, as the list their clients show."""
    return {
        "id": str(group.id),
        "title": group.actor.shown_name,
        "replies_policy": "list",
        "exclusive": False,
        "kontor": {"group": group.actor.handle, "reach": str(group.reach)},
    }


def tag(base_url: str, name: str) -> dict[str, Any]:
    """A hashtag; how often it was used is not counted."""
    return {
        "id": name,
        "name": name,
        "url": f"{base_url}/tags/{name}",
        "history": [],
        "following": False,
        "featuring": False,
    }


def marker(found: Marker) -> dict[str, Any]:
    return {
        "last_read_id": str(found.last_read_id),
        "version": found.version,
        "updated_at": instant(found.updated_at),
    }
