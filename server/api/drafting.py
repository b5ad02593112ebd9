"""What a client sends for a post, as a draft: for posting now, for later, and for an edit."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from models.errors import Invalid
from models.instance import instance_of
from models.posts.drafts import Draft
from models.tables import Visibility
from models.text.clean import clean_line
from server.api import params, polls, quoting
from server.api.routing import Call

_KEY_LIMIT = 200
_LANGUAGE_LIMIT = 20


class UnknownVisibility(Invalid):
    """Nobody here knows this visibility."""

    code = "unknown_visibility"


def key_of(call: Call) -> str:
    """What tells a request that is repeated from one that is meant again; empty where the client does not say."""
    return call.request.headers.get("Idempotency-Key", "").strip()[:_KEY_LIMIT]


def draft_of(call: Call, session: AsyncSession) -> Draft:
    """A new post. Raises BadValue, BadPoll, UnknownVisibility."""
    sent = call.params
    return Draft(
        text=sent.text("status"),
        group_id=sent.id("kontor_group_id"),
        visibility=_visibility(sent, leaves=instance_of(session).clients_public_leaves),
        reply_to_id=sent.id("in_reply_to_id"),
        application_id=call.application_id,
        quote_of_id=sent.id("quoted_status_id") or sent.id("quote_id"),
        quoting=quoting.wanted(sent) if sent.has("quote_approval_policy") else None,
        **words(sent),
    )


def words(sent: params.Params) -> dict[str, Any]:
    """What a post and an edit have in common."""
    language = clean_line(sent.text("language")[:_LANGUAGE_LIMIT], limit=_LANGUAGE_LIMIT)
    return {
        "warning": sent.text("spoiler_text"),
        "is_sensitive": sent.flag("sensitive"),
        "language": language or None,
        "media_ids": tuple(sent.ids("media_ids")),
        "describes": {
            row_id: row.text("description")
            for row in sent.tables("media_attributes") or ()
            if (row_id := row.id("id")) is not None and row.has("description")
        },
        "names_outsiders": sent.flag("kontor_names_outsiders"),
        "poll": polls.draft_of(sent),
    }


def _visibility(sent: params.Params, *, leaves: bool) -> Visibility:
    """For whom a client's word means a post. Nothing but `public` and `unlisted` ever leaves, and only where the
    company decided so; a group or the post that is answered decides before this does."""
    word = sent.text("visibility").strip().lower()
    if word == "direct":
        return Visibility.DIRECT
    if word in ("", "private", "local") or sent.flag("local_only"):
        return Visibility.COMPANY
    if word not in ("public", "unlisted"):
        raise UnknownVisibility(field="visibility")
    if not leaves:
        return Visibility.COMPANY
    return Visibility.PUBLIC if word == "public" else Visibility.UNLISTED
