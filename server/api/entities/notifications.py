"""Mastodon's Notification, alone and grouped, and who waits to be let in.

Clients get the types they know and no others: what waits at a gate, what a gatekeeper decided and invitations have no
place there (a client shows nothing for an unknown type, and a mention that is none would mislead), so they are told on
the web only. Nobody signs up here, so `admin.sign_up` never comes.
"""

from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from models.notifications.grouping import Gathered
from models.notifications.requests import Request
from models.tables import NotificationType, Report, Severance
from server.api.answers import encoded
from server.api.entities import reports
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
    NotificationType.QUOTED_UPDATE,
    NotificationType.REPORT,
    NotificationType.SEVERED,
)


class Told(NamedTuple):
    """One line of somebody's notifications."""

    id: int
    type: NotificationType
    from_id: int
    from_version: int
    post_id: int | None
    created_at: datetime
    subject_id: int | None
    group_key: str
    is_filtered: bool

    @property
    def key(self) -> str:
        """The key of the group it belongs to, which may be one of its own."""
        return self.group_key or self.alone

    @property
    def alone(self) -> str:
        return f"ungrouped-{self.id}"


def notification(told: Told, account: bytes, status: bytes | None, subject: dict[str, Any]) -> bytes:
    """`subject` is what it is about besides a post: a `report` or an `event`."""
    body: dict[str, Any] = {
        "id": str(told.id),
        "type": str(told.type),
        "created_at": instant(told.created_at),
        "group_key": told.key,
        "account": msgspec.Raw(account),
        **subject,
    }
    if status is not None:
        body["status"] = msgspec.Raw(status)
    if told.is_filtered:
        body["filtered"] = True
    return encoded(body)


def notification_group(
    told: Told, found: Gathered | None, *, status_id: int | None, subject: dict[str, Any]
) -> dict[str, Any]:
    """The group whose newest is `told`; without `found` it stands for itself alone."""
    people = found.people if found is not None else [(told.from_id, told.from_version)]
    body: dict[str, Any] = {
        "group_key": told.key if found is not None else told.alone,
        "notifications_count": found.told if found is not None else 1,
        "type": str(told.type),
        "most_recent_notification_id": told.id,
        "page_min_id": str(found.first_id if found is not None else told.id),
        "page_max_id": str(told.id),
        "latest_page_notification_at": instant(found.latest_at if found is not None else told.created_at),
        "sample_account_ids": [str(actor_id) for actor_id, _ in people],
        **subject,
    }
    if status_id is not None:
        body["status_id"] = str(status_id)
    return body


def report(found: Report, about: bytes) -> bytes:
    """Mastodon's Report; `about` is the account it is about."""
    body = reports.facts(found) | {
        "status_ids": [str(post_id) for post_id in found.post_ids],
        "rule_ids": None,
        "target_account": msgspec.Raw(about),
    }
    return encoded(body)


def severance(found: Severance) -> dict[str, Any]:
    """Mastodon's RelationshipSeveranceEvent."""
    return {
        "id": str(found.id),
        "type": "user_domain_block" if found.is_own else "domain_block",
        "purged": False,
        "target_name": found.host,
        "followers_count": found.followers,
        "following_count": found.following,
        "created_at": instant(found.created_at),
    }


class _Head(msgspec.Struct):
    """What clients are told of an account of which they show the picture alone."""

    id: str
    acct: str
    url: str
    avatar: str
    avatar_static: str
    locked: bool
    bot: bool


def partial(account: bytes) -> dict[str, Any]:
    """Mastodon's PartialAccountWithAvatar, from the whole one."""
    return msgspec.structs.asdict(msgspec.json.decode(account, type=_Head))


def request(
    found: Request, *, account: bytes, status: bytes | None, created_at: datetime, updated_at: datetime
) -> dict[str, Any]:
    """Mastodon's NotificationRequest; the number is text there."""
    return {
        "id": str(found.id),
        "created_at": instant(created_at),
        "updated_at": instant(updated_at),
        "notifications_count": str(found.told),
        "account": msgspec.Raw(account),
        "last_status": msgspec.Raw(status) if status is not None else None,
    }
