"""Decides by media types: who wants ActivityPub, and what may be read as it."""

import re
from functools import lru_cache

from federation.vocabulary.terms import AS_CONTEXT, AS_JSON

_LONGEST = 1024
_ITEM = re.compile(r'(?:[^,"]|"[^"]*")+')
_PARAMETER = re.compile(r';\s*([A-Za-z0-9_-]+)\s*=\s*(?:"([^"]*)"|([^;"\s]*))')
_HTML = frozenset({"text/html", "application/xhtml+xml"})


def _read(media_type: str) -> tuple[str, dict[str, str]]:
    essence = media_type.partition(";")[0].strip().lower()
    return essence, {name.lower(): quoted or plain for name, quoted, plain in _PARAMETER.findall(media_type)}


def _quality(params: dict[str, str]) -> float:
    try:
        return min(max(float(params.get("q", "1")), 0.0), 1.0)
    except ValueError:
        return 0.0


@lru_cache(maxsize=1024)
def accepts_activity(accept: str | None, *, has_page: bool = True) -> bool:
    """Whether the answer to this `Accept` header is ActivityPub (HTTP-1).

    A wildcard, nothing, or neither form named: HTML where the address `has_page`, ActivityPub where it has none.
    Of two forms named with equal weight the earlier one wins.
    """
    activity = html = -1.0
    activity_first = False
    for item in _ITEM.findall((accept or "")[:_LONGEST]):
        essence, params = _read(item)
        quality = _quality(params)
        if essence in (AS_JSON, "application/ld+json", "application/json"):
            activity_first = activity_first or html < 0
            activity = max(activity, quality)
        elif essence in _HTML:
            html = max(html, quality)
    if activity <= 0:
        return html <= 0 and not has_page and activity != 0
    return activity > html or (activity == html and activity_first)


@lru_cache(maxsize=1024)
def is_activity_media_type(content_type: str | None) -> bool:
    """Whether a fetched answer of this `Content-Type` may be read as ActivityPub (HTTP-3, R-11)."""
    essence, params = _read((content_type or "")[:_LONGEST])
    if essence == AS_JSON:
        return True
    return essence == "application/ld+json" and AS_CONTEXT in params.get("profile", "").split()


@lru_cache(maxsize=1024)
def is_inbox_media_type(content_type: str | None) -> bool:
    """Whether an inbox takes a body of this `Content-Type`: also JSON-LD without a profile (HTTP-10)."""
    essence, _ = _read((content_type or "")[:_LONGEST])
    return essence in (AS_JSON, "application/ld+json")
