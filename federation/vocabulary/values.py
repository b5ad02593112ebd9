"""Reads values in all their shapes: one or many, a string, a Link or an object, prefixed or not."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from federation.vocabulary.terms import NAMESPACES, PUBLIC

_PREFIXES = (
    *(f"{prefix}:" for prefix in NAMESPACES),
    *NAMESPACES.values(),
    "http://schema.org/",
    "https://schema.org/",
)
_PUBLIC_FORMS = frozenset({PUBLIC, "as:Public", "Public"})
_FUTURE_ALLOWED = timedelta(days=1)


def as_list(value: object) -> list[object]:
    """One value, many, null or absent, as a list (GEN-2)."""
    if value is None:
        return []
    return [item for item in value if item is not None] if isinstance(value, list) else [value]


def first(value: object) -> object:
    """The only or first of a value's items, or None."""
    items = as_list(value)
    return items[0] if items else None


def id_of(value: object) -> str | None:
    """The id that a value stands for: the string itself, a Link's `href`, or an object's `id`; else None (GEN-2).

    Of several values the first counts.
    """
    value = first(value)
    if isinstance(value, str):
        return value or None
    if isinstance(value, dict):
        found = value.get("href") if strip_prefix(value.get("type")) == "Link" else value.get("id")
        return found if isinstance(found, str) and found else None
    return None


def ids_of(value: object) -> list[str]:
    """The ids of all items in their order, each once; items that stand for none (numbers, blank nodes) are dropped."""
    return list(dict.fromkeys(found for item in as_list(value) if (found := id_of(item)) is not None))


def strip_prefix(term: object) -> str:
    """A term without a known prefix or namespace (GEN-4): `as:Note` is `Note`; what is no text is the empty string."""
    if not isinstance(term, str):
        return ""
    if ":" not in term:
        return term
    for prefix in _PREFIXES:
        if term.startswith(prefix):
            return term[len(prefix) :]
    return term


def types_of(document: Mapping[str, object]) -> tuple[str, ...]:
    """The document's types without prefixes, in their order."""
    return tuple(name for item in as_list(document.get("type")) if (name := strip_prefix(item)))


def is_public(value: object) -> bool:
    """Whether an addressing value is, or contains, the public collection in any of its spellings."""
    return any(found in _PUBLIC_FORMS for found in ids_of(value))


def parse_date(value: object, *, now: datetime | None = None) -> datetime | None:
    """A moment in UTC from ISO 8601 with an offset; None for everything else (GEN-7).

    With `now`, a moment more than a day ahead of it becomes `now`.
    """
    if not isinstance(value, str) or not 16 < len(value) < 64:
        return None
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            return None
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    if now is not None and moment - now > _FUTURE_ALLOWED:
        return now
    return moment


def format_date(moment: datetime) -> str:
    """The form we send: UTC, whole seconds (GEN-7)."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
