"""Mastodon's Relationship: how one stands to somebody. Every flag is there; clients decode them all."""

from typing import Any

from models.relations import Relationship
from server.api.entities.times import maybe


def relationship(found: Relationship) -> dict[str, Any]:
    is_wished = found.follows or found.asked
    return {
        "id": str(found.actor_id),
        "following": found.follows,
        "showing_reblogs": is_wished and found.shows_boosts,
        "notifying": is_wished and found.notifies,
        "languages": list(found.languages) or None,
        "followed_by": found.followed_by,
        "blocking": found.blocks,
        "blocked_by": found.blocked_by,
        "muting": found.mutes,
        "muting_notifications": found.mutes_notifications,
        "muting_expires_at": maybe(found.mute_ends_at),
        "requested": found.asked,
        "requested_by": found.asked_by,
        "domain_blocking": found.blocks_host,
        "endorsed": found.endorses,
        "note": found.note,
    }
