"""The part of Structured Field Values (RFC 8941) that signatures and digests need: dictionaries, both directions.

Stricter than the RFC in one point: a repeated dictionary key is an error instead of "the last one wins", so that two
readers cannot see two meanings (R-04).
"""

import base64
import binascii
import re

from msgspec import Struct, field

from federation.signatures.refusals import SignatureMalformed


class Token(str):
    """An unquoted word, told apart from a quoted string."""

    __slots__ = ()


Bare = bool | int | float | str | bytes
Parameters = dict[str, Bare]


class Item(Struct, frozen=True):
    """One value with its parameters."""

    value: Bare
    params: Parameters = field(default_factory=dict)


class InnerList(Struct, frozen=True):
    """A parenthesised list; its items and the list itself have parameters."""

    items: tuple[Item, ...]
    params: Parameters = field(default_factory=dict)


Member = Item | InnerList


def parse_dictionary(text: str) -> dict[str, Member]:
    """Read a dictionary field (RFC 8941 §4.2.2).

    Raises:
        SignatureMalformed: the text is not a dictionary, or names a key twice.
    """
    return _Reader(text).dictionary()


def serialize(member: Member) -> str:
    """The canonical text of a member (RFC 8941 §4.1)."""
    if isinstance(member, Item):
        return _bare(member.value) + _params(member.params)
    return f"({' '.join(serialize(item) for item in member.items)}){_params(member.params)}"


def _params(params: Parameters) -> str:
    return "".join(f";{name}" if value is True else f";{name}={_bare(value)}" for name, value in params.items())


def _bare(value: Bare) -> str:
    if isinstance(value, bool):
        return "?1" if value else "?0"
    if isinstance(value, bytes):
        return f":{base64.b64encode(value).decode('ascii')}:"
    if isinstance(value, Token):
        return str(value)
    if isinstance(value, str):
        if not _PRINTABLE.fullmatch(value):
            raise SignatureMalformed(reason="not_printable")
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    if isinstance(value, float):
        whole, _, fraction = f"{value:.3f}".partition(".")
        return f"{whole}.{fraction.rstrip('0') or '0'}"
    return str(value)


_PRINTABLE = re.compile(r"[ -~]*")
_KEY = re.compile(r"[a-z*][a-z0-9_\-.*]*")
_STRING = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])*)"')
_BYTES = re.compile(r":([A-Za-z0-9+/=]*):")
_NUMBER = re.compile(r"(-?[0-9]{1,15})(?![0-9])(?:(?<![0-9]{13})(\.[0-9]{1,3})(?![0-9]))?")
_TOKEN = re.compile(r"[A-Za-z*][!#$%&'*+\-.^_`|~0-9A-Za-z:/]*")
_BOOLEAN = re.compile(r"\?([01])")
_OPTIONAL_SPACE = re.compile(r"[ \t]*")
_SPACES = re.compile(r" *")


class _Reader:
    """Walks once over the text; every step consumes what it recognised."""

    def __init__(self, text: str) -> None:
        self._text = text.strip(" ")
        self._at = 0

    def dictionary(self) -> dict[str, Member]:
        members: dict[str, Member] = {}
        while self._at < len(self._text):
            key = self._take(_KEY)[0]
            if key in members:
                raise SignatureMalformed(reason="repeated_key", key=key)
            members[key] = self._member() if self._skip("=") else Item(True, self._parameters())
            self._take(_OPTIONAL_SPACE)
            if self._at == len(self._text):
                return members
            if not self._skip(","):
                raise self._malformed()
            self._take(_OPTIONAL_SPACE)
            if self._at == len(self._text):
                raise self._malformed()
        return members

    def _member(self) -> Member:
        if not self._skip("("):
            return self._item()
        items: list[Item] = []
        while True:
            self._take(_SPACES)
            if self._skip(")"):
                return InnerList(tuple(items), self._parameters())
            items.append(self._item())
            if self._text[self._at : self._at + 1] not in (" ", ")"):
                raise self._malformed()

    def _item(self) -> Item:
        return Item(self._bare_item(), self._parameters())

    def _parameters(self) -> Parameters:
        params: Parameters = {}
        while self._skip(";"):
            self._take(_SPACES)
            key = self._take(_KEY)[0]
            if key in params:
                raise SignatureMalformed(reason="repeated_parameter", key=key)
            params[key] = self._bare_item() if self._skip("=") else True
        return params

    def _bare_item(self) -> Bare:
        first = self._text[self._at : self._at + 1]
        if first == '"':
            return re.sub(r'\\(["\\])', r"\1", self._take(_STRING)[1])
        if first == ":":
            return decode_base64(self._take(_BYTES)[1])
        if first == "?":
            return self._take(_BOOLEAN)[1] == "1"
        if first == "-" or "0" <= first <= "9":
            number = self._take(_NUMBER)
            return float(number[0]) if number[2] else int(number[1])
        return Token(self._take(_TOKEN)[0])

    def _take(self, pattern: re.Pattern[str]) -> re.Match[str]:
        match = pattern.match(self._text, self._at)
        if match is None:
            raise self._malformed()
        self._at = match.end()
        return match

    def _skip(self, character: str) -> bool:
        if self._text[self._at : self._at + 1] == character:
            self._at += 1
            return True
        return False

    def _malformed(self) -> SignatureMalformed:
        return SignatureMalformed(reason="structured_field", position=self._at)


def decode_base64(text: str) -> bytes:
    """Standard alphabet with padding, nothing else.

    Raises:
        SignatureMalformed: the text is not base64.
    """
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise SignatureMalformed(reason="base64") from None
