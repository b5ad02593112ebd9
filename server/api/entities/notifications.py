"""Mastodon's Notification, alone and grouped.

Clients get the types they know and no others: what waits at a gate, what a gatekeeper decided and invitations have no
place there (a client shows nothing for an unknown type, and a mention that is none would mislead), so they are told on
the web only.
"""

from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from models.tables import NotificationType
from server.api.answers import encoded
from server.api.entities.times import instant

TYPES = (
    NotificationType.MENTION,
    NotificationType.FAVOURITE,
    NotificationType.REBLOG,
    NotificationType.FOLLOW,
    NotificationType.FOLLOW_REQUEST,
    NotificationType.STATUS,
    NotificationType.UPDATE,
    NotificationType.POLL,
    NotificationType.QUOTE,
)


class Told(NamedTuple):
    """One line of somebody's notifications."""

    id: int
    type: NotificationType
    from_id: int
    from_version: int
    post_id: int | None
    created_at: datetime


def group_key(told: Told) -> str:
    """Every notification is a group of its own."""
    return f"ungrouped-{told.id}"


def notification(told: Told, account: bytes, status: bytes | None) -> bytes:
    body: dict[str, Any] = {
        "id": str(told.id),
        "type": str(told.type),
        "created_at": instant(told.created_at),
        "group_key": group_key(told),
        "account": msgspec.Raw(account),
    }
    if status is not None:
        body["status"] = msgspec.Raw(status)
    return encoded(body)


def notification_group(told: Told, *, status_id: int | None, page: tuple[int, int]) -> dict[str, Any]:
    """A group of one; `page` are the lowest and highest id of the page it stands on."""
    body: dict[str, Any] = {
        "group_key": group_key(told),
        "notifications_count": 1,
        "type": str(told.type),
        "most_recent_notification_id": told.id,
        "page_min_id": str(page[0]),
        "page_max_id": str(page[1]),
        "latest_page_notification_at": instant(told.created_at),
        "sample_account_ids": [str(told.from_id)],
    }
    if status_id is not None:
        body["status_id"] = str(status_id)
    return body
