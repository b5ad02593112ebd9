"""What Mastodon's Report and Admin::Report have in common."""

from typing import Any

from models.tables import Report
from server.api.entities.times import instant, maybe


def facts(found: Report) -> dict[str, Any]:
    """A report without the people and the posts in it."""
    return {
        "id": str(found.id),
        "action_taken": found.dealt_with_at is not None,
        "action_taken_at": maybe(found.dealt_with_at),
        "category": str(found.reason),
        "comment": found.text,
        "forwarded": found.is_forwarded,
        "created_at": instant(found.created_at),
    }
