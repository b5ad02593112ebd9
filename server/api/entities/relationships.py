"""Mastodon's Relationship: how one stands to somebody. Every flag is there; clients decode them all."""

from typing import Any

from models.relations import Relationship


def relationship(found: Relationship) -> dict[str, Any]:
    return {
        "id": str(found.actor_id),
        "following": found.follows,
        "showing_reblogs": found.shows_boosts if found.follows or found.asked else False,
        "notifying": False,
        "languages": None,
        "followed_by": found.followed_by,
        "blocking": found.blocks,
        "blocked_by": found.blocked_by,
        "muting": False,
        "muting_notifications": False,
        "muting_expires_at": None,
        "requested": found.asked,
        "requested_by": found.asked_by,
        "domain_blocking": False,
        "endorsed": False,
        "note": "",
    }
