"""Mastodon's Filter, its keywords and statuses, its older form of one keyword, and what filters say of a status."""

from datetime import datetime
from typing import Any

from models.filters import Hit
from models.tables import Filter, FilterAction, FilterKeyword, FilterPost
from server.api.entities.times import maybe


def _head(
    id: int, title: str, contexts: list[str], expires_at: datetime | None, action: FilterAction
) -> dict[str, Any]:
    return {
        "id": str(id),
        "title": title,
        "context": contexts,
        "expires_at": maybe(expires_at),
        "filter_action": str(action),
    }


def filter_of(row: Filter) -> dict[str, Any]:
    """A filter with all that is in it."""
    return {
        **_head(row.id, row.title, row.contexts, row.expires_at, FilterAction(row.action)),
        "keywords": [keyword(each) for each in row.keywords],
        "statuses": [status(each) for each in row.posts],
    }


def keyword(row: FilterKeyword) -> dict[str, Any]:
    return {"id": str(row.id), "keyword": row.keyword, "whole_word": row.whole_word}


def status(row: FilterPost) -> dict[str, Any]:
    return {"id": str(row.id), "status_id": str(row.post_id)}


def alone(row: FilterKeyword, owner: Filter) -> dict[str, Any]:
    """A keyword of `owner` as a filter of its own, as clients before 4.0 know filters."""
    return {
        "id": str(row.id),
        "phrase": row.keyword,
        "context": owner.contexts,
        "whole_word": row.whole_word,
        "expires_at": maybe(owner.expires_at),
        "irreversible": owner.action == FilterAction.HIDE,
    }


def result(hit: Hit) -> dict[str, Any]:
    """That a filter matches a status, and by what."""
    rule = hit.rule
    return {
        "filter": _head(rule.id, rule.title, list(rule.contexts), rule.expires_at, rule.action),
        "keyword_matches": list(hit.keywords) or None,
        "status_matches": [str(post_id) for post_id in hit.post_ids] or None,
    }
