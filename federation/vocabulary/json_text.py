"""Reads JSON from outside: strict where two readers could see two things, and cheap for the ordinary body."""

import json
import re
from collections.abc import Iterable

import msgspec

from federation.errors import ProtocolError
from federation.vocabulary.terms import Document


class BadJson(ProtocolError):
    """The body is not a JSON object that this server accepts."""

    code = "bad_json"


MAX_DEPTH = 32
_EXACT_INTEGERS = 2**53
_MEMBER = re.compile(rb'"[ \t\r\n]*:')


def parse_json(body: bytes, *, max_bytes: int = 1_048_576, max_depth: int = MAX_DEPTH) -> Document:
    """Read a JSON object from outside (GEN-6, R-42).

    Raises:
        BadJson: too large, not UTF-8, not an object, nested too deep, a member name twice, NaN or infinity, an integer
            beyond 2^53, or a lone surrogate.
    """
    if len(body) > max_bytes:
        raise BadJson(reason="too_large", length=len(body))
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise BadJson(reason="syntax", detail=str(error)[:120]) from None
    if not isinstance(value, dict):
        raise BadJson(reason="not_an_object")
    # Each member of the text has a quote and a colon; text inside strings can only add to that count. So equal numbers
    # prove that no member got lost, and the exact search is for the rare body whose texts contain such pairs.
    if _count_members(value, max_depth) != len(_MEMBER.findall(body)):
        _refuse_repeated_names(body)
    return value


def _count_members(document: Document, max_depth: int) -> int:
    """How many members the tree has; refuses depth and integers on the way, level by level without recursion."""
    members = 0
    level: list[Document | list[object]] = [document]
    for _ in range(max_depth):
        deeper: list[Document | list[object]] = []
        for container in level:
            values: Iterable[object] = container
            if isinstance(container, dict):
                members += len(container)
                values = container.values()
            for value in values:
                if isinstance(value, dict | list):
                    deeper.append(value)
                elif isinstance(value, int) and not -_EXACT_INTEGERS <= value <= _EXACT_INTEGERS:
                    raise BadJson(reason="integer_range")
        if not deeper:
            return members
        level = deeper
    raise BadJson(reason="too_deep")


def _refuse_repeated_names(body: bytes) -> None:
    try:
        json.loads(body, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise BadJson(reason="syntax", detail=str(error)[:120]) from None


def _unique(pairs: list[tuple[str, object]]) -> None:
    if len({name for name, _ in pairs}) != len(pairs):
        raise BadJson(reason="repeated_name")
