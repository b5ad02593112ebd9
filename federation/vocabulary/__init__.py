"""The words of ActivityPub documents: constants, safe JSON, checked URLs, and values in all their shapes.

Documents are read as plain JSON and never expanded; contexts are never fetched (R-33).
"""

from federation.vocabulary.json_text import BadJson, parse_json
from federation.vocabulary.media_types import accepts_activity, is_activity_media_type, is_inbox_media_type
from federation.vocabulary.terms import (
    ACCEPT,
    AS_CONTEXT,
    AS_JSON,
    LD_JSON,
    PUBLIC,
    SECURITY_CONTEXT,
    Document,
    context,
)
from federation.vocabulary.urls import (
    BadUrl,
    CheckedUrl,
    Origin,
    checked_url,
    host_matches,
    host_of,
    normal_host,
    origin,
    same_origin,
)
from federation.vocabulary.values import (
    as_list,
    first,
    format_date,
    id_of,
    ids_of,
    is_public,
    parse_date,
    strip_prefix,
    types_of,
)

__all__ = [
    "ACCEPT",
    "AS_CONTEXT",
    "AS_JSON",
    "LD_JSON",
    "PUBLIC",
    "SECURITY_CONTEXT",
    "BadJson",
    "BadUrl",
    "CheckedUrl",
    "Document",
    "Origin",
    "accepts_activity",
    "as_list",
    "checked_url",
    "context",
    "first",
    "format_date",
    "host_matches",
    "host_of",
    "id_of",
    "ids_of",
    "is_activity_media_type",
    "is_inbox_media_type",
    "is_public",
    "normal_host",
    "origin",
    "parse_date",
    "parse_json",
    "same_origin",
    "strip_prefix",
    "types_of",
]
