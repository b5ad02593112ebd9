"""Mastodon's ScheduledStatus."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from models import scheduled
from models.polls import PollDraft
from models.tables import Media, ScheduledPost
from server.api.entities.attachments import attachment
from server.api.entities.times import instant


def scheduled_status(
    app: web.Application, row: ScheduledPost, files: Mapping[int, Media], *, failure: str | None
) -> dict[str, Any]:
    """A post for later with its files; `failure` says why it could not be published, for clients that look."""
    draft = scheduled.draft_of(row)
    return {
        "id": str(row.id),
        "scheduled_at": instant(row.at),
        "params": {
            "text": draft.text,
            "poll": _poll(draft.poll) if draft.poll is not None else None,
            "media_ids": [str(media_id) for media_id in draft.media_ids] or None,
            "sensitive": draft.is_sensitive,
            "spoiler_text": draft.warning or None,
            "visibility": row.said.get("visibility", "private"),
            "in_reply_to_id": _id(draft.reply_to_id),
            "language": draft.language,
            "application_id": _id(draft.application_id),
            "scheduled_at": None,
            "idempotency": row.said.get("idempotency"),
            "with_rate_limit": False,
            "quoted_status_id": _id(draft.quote_of_id),
            "quote_approval_policy": str(draft.quoting) if draft.quoting is not None else None,
            "allowed_mentions": None,
        },
        "media_attachments": [
            attachment(app, files[media_id], files[media_id].description)
            for media_id in dict.fromkeys(draft.media_ids)
            if media_id in files
        ],
        "kontor": {"failure": failure, "group_id": _id(draft.group_id)},
    }


def _poll(draft: PollDraft) -> dict[str, Any]:
    return {
        "options": list(draft.options),
        "expires_in": int(draft.lasts.total_seconds()) if draft.lasts is not None else None,
        "multiple": draft.is_multiple,
        "hide_totals": draft.hides_totals,
    }


def _id(number: int | None) -> str | None:
    return None if number is None else str(number)
