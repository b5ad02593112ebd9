"""What a client sends for a post, as a draft: for posting now, for later, and for an edit."""

import re
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from models.accounts import Beginning
from models.errors import Invalid
from models.instance import instance_of
from models.posts.drafts import Draft
from models.tables import Visibility
from server.api import params, polls, quoting
from server.api.routing import Call

_KEY_LIMIT = 200
_LANGUAGE_LIMIT = 20
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_USUAL = Beginning()


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
        text=said(sent)[0],
        group_id=sent.id("kontor_group_id"),
        visibility=visibility_of(
            sent.text("visibility"),
            leaves=instance_of(session).clients_public_leaves,
            is_local=sent.flag("local_only"),
            otherwise=call.beginning.visibility,
        ),
        reply_to_id=sent.id("in_reply_to_id"),
        application_id=call.application_id,
        quote_of_id=sent.id("quoted_status_id") or sent.id("quote_id"),
        quoting=quoting.wished(sent),
        **words(sent, call.beginning),
    )


def language_of(sent: params.Params, name: str = "language") -> str:
    """The code of a language, as it is stored; what cannot be one is none."""
    code = sent.text(name).strip().replace("_", "-")
    return code if len(code) <= _LANGUAGE_LIMIT and _LANGUAGE.fullmatch(code) else ""


def said(sent: params.Params) -> tuple[str, str]:
    """Text and content warning. A warning alone is the text, as some clients send a post that is nothing else."""
    text, warning = sent.text("status"), sent.text("spoiler_text")
    return (text, warning) if text.strip() or not warning.strip() else (warning, "")


def words(sent: params.Params, beginning: Beginning = _USUAL) -> dict[str, Any]:
    """What a post and an edit have in common."""
    language = language_of(sent) or beginning.language
    files = {row_id: row for row in sent.tables("media_attributes") or () if (row_id := row.id("id")) is not None}
    return {
        "warning": said(sent)[1],
        "is_sensitive": sent.flag("sensitive", beginning.is_sensitive),
        "language": language or None,
        "media_ids": tuple(sent.ids("media_ids")),
        "describes": {row_id: row.text("description") for row_id, row in files.items() if row.has("description")},
        "focuses": {row_id: point for row_id, row in files.items() if (point := row.point("focus")) is not None},
        "names_outsiders": sent.flag("kontor_names_outsiders"),
        "poll": polls.draft_of(sent),
    }


def begins_for(session: AsyncSession, wished: Visibility | None) -> str:
    """What clients call it for whom posts begin: as their author wished, else for the company. That is `public` to
    them, unless `public` leaves the house here."""
    leaves = instance_of(session).clients_public_leaves
    if wished is Visibility.DIRECT or (leaves and wished in (Visibility.PUBLIC, Visibility.UNLISTED)):
        return str(wished)
    return "private" if leaves else "public"


def visibility_of(
    typed: str, *, leaves: bool, is_local: bool = False, otherwise: Visibility | None = None
) -> Visibility:
    """For whom a client's word means a post. Nothing but `public` and `unlisted` ever leaves, and only where the
    company decided so (`leaves`); a group or the post that is answered decides before this does.

    Raises UnknownVisibility.
    """
    word = typed.strip().lower()
    if not word and otherwise not in (None, Visibility.COMPANY):
        word = str(otherwise)
    if word == Visibility.DIRECT:
        return Visibility.DIRECT
    if word in ("", "private", "local") or is_local:
        return Visibility.COMPANY
    if word not in (Visibility.PUBLIC, Visibility.UNLISTED):
        raise UnknownVisibility(field="visibility")
    return Visibility(word) if leaves else Visibility.COMPANY
