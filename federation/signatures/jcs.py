"""JSON Canonicalization Scheme (RFC 8785): one text for every way to write the same JSON value."""

import json
from collections.abc import Mapping

from federation.errors import ProtocolError

_quote = json.encoder.encode_basestring  # escapes exactly what RFC 8785 §3.2.2.2 wants escaped, nothing else
_EXACT_INTEGERS = 2**53


class NotCanonical(ProtocolError):
    """The value has no canonical form."""

    code = "not_canonical"


def canonical(value: object) -> bytes:
    """The canonical UTF-8 text of a value made of dict, list, str, int, float, bool and None.

    Raises:
        NotCanonical: it holds another type, NaN, infinity or a lone surrogate, or is nested too deep.
    """
    try:
        return _text(value).encode("utf-8")
    except (UnicodeEncodeError, RecursionError, OverflowError):
        raise NotCanonical(reason="surrogate_depth_or_range") from None


def _text(value: object) -> str:
    if isinstance(value, str):
        return _quote(value)
    if isinstance(value, Mapping):
        # §3.2.3: members are ordered by UTF-16 code units, which differs from code points beyond the basic plane.
        members = sorted(value.items(), key=_utf16)
        return "{" + ",".join([f"{_quote(name)}:{_text(member)}" for name, member in members]) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join([_text(item) for item in value]) + "]"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return number(value)
    raise NotCanonical(reason="type", type=type(value).__name__)


def _utf16(member: tuple[object, object]) -> bytes:
    if not isinstance(member[0], str):
        raise NotCanonical(reason="name")
    return member[0].encode("utf-16-be")


def number(value: float) -> str:
    """A number as ECMAScript writes the double (RFC 8785 §3.2.2.3).

    Raises:
        NotCanonical: NaN or infinity.
        OverflowError: an integer that no double can hold.
    """
    if isinstance(value, int) and abs(value) <= _EXACT_INTEGERS:
        return str(value)
    shortest = repr(float(value))  # Python's repr yields the same shortest digits, in another layout
    if shortest in ("nan", "inf", "-inf"):
        raise NotCanonical(reason="not_finite")
    sign = "-" if shortest.startswith("-") else ""
    mantissa, _, exponent = shortest.removeprefix("-").partition("e")
    whole, _, fraction = mantissa.partition(".")
    fraction = fraction.rstrip("0")
    digits = (whole + fraction).lstrip("0")
    if not digits:
        return "0"  # also for -0
    point = len(whole) + int(exponent or 0) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0")
    if len(digits) <= point <= 21:
        return sign + digits.ljust(point, "0")
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    power = f"e{'+' if point > 0 else '-'}{abs(point - 1)}"
    return sign + digits[0] + (f".{digits[1:]}" if len(digits) > 1 else "") + power
