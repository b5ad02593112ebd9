"""What a client sent: JSON, form, multipart or query, all read into the same nested shape.

Clients write arrays as `media_ids[]=1`, hashes as `poll[options][]=a` or `fields_attributes[0][name]=b`, booleans as
true, 1, "1", "on", also inside JSON, and numbers as text. Sizes are counted while reading (R-40).
"""

import asyncio
import contextlib
import math
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from aiohttp import BodyPartReader, web
from msgspec import Struct, field

from models.errors import DomainError, Invalid
from server import recordings
from server.context import CONFIG

FORM_BYTES = 262_144
_FIELDS = 1000
_DEPTH = 4
_READ_WITHIN = 30.0
_LARGEST_ID = 2**63 - 1
_TRUE = frozenset({"1", "true", "t", "on", "yes", "y"})
_LISTS_OF_LISTS = re.compile(r"(?:\[\]){2,}")
_FALSE = frozenset({"0", "false", "f", "off", "no", "n", ""})


class Unreadable(DomainError):
    """The body of this request cannot be read."""

    code = "unreadable"
    status = 400


class TooLarge(DomainError):
    """This request is too large."""

    code = "too_large"
    status = 413


class BadValue(Invalid):
    """A value in this request is not of the kind that belongs there."""

    code = "bad_value"


class File(Struct, frozen=True):
    """An uploaded file, whole."""

    name: str
    data: bytes


class Params(Struct):
    """Values by name. What is absent, null or of another kind than asked for is told apart."""

    values: dict[str, Any] = field(default_factory=dict)

    def has(self, name: str) -> bool:
        return name in self.values

    def text(self, name: str, default: str = "") -> str:
        """Text as it came; `default` where there is none. Raises BadValue."""
        found = self.maybe_text(name)
        return default if found is None else found

    def needed(self, name: str) -> str:
        """A text that must be there, without the space around it. Raises BadValue."""
        found = self.text(name).strip()
        if not found:
            raise BadValue(field=name)
        return found

    def maybe_text(self, name: str) -> str | None:
        value = self.values.get(name)
        if value is None:
            return None
        if isinstance(value, str):
            return value.replace("\x00", "")  # PostgreSQL takes none in a question either
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int | float):
            return str(value)
        raise BadValue(field=name)

    def flag(self, name: str, default: bool = False) -> bool:
        found = self.maybe_flag(name)
        return default if found is None else found

    def maybe_flag(self, name: str) -> bool | None:
        value = self.maybe_text(name)
        if value is None:
            return None
        folded = value.strip().lower()
        if folded in _TRUE:
            return True
        if folded in _FALSE:
            return False
        raise BadValue(field=name)

    def number(self, name: str, default: int, *, least: int, most: int) -> int:
        """A whole number, brought into its bounds."""
        value = self.maybe_text(name)
        if value is None or not value.strip():
            return default
        try:
            return max(least, min(most, int(value)))
        except ValueError:
            raise BadValue(field=name) from None

    def id(self, name: str) -> int | None:
        """An id; None where there is none."""
        value = self.maybe_text(name)
        return None if value is None or not value.strip() else id_of(value, name)

    def point(self, name: str) -> tuple[float, float] | None:
        """`-0.4,0.7` as the point of a picture that must stay visible, from -1 to 1; None when there is none."""
        text = self.maybe_text(name)
        if text is None or not text.strip():
            return None
        try:
            x, y = (max(-1.0, min(1.0, float(part))) for part in text.split(","))
        except ValueError:
            raise BadValue(field=name) from None
        if math.isnan(x) or math.isnan(y):
            raise BadValue(field=name)
        return x, y

    def ids(self, name: str) -> list[int]:
        """A list of ids. A form can only say "none" by an empty one, which is left out."""
        return [id_of(text, name) for text in self.texts(name) if text.strip()]

    def known_ids(self, name: str) -> list[int]:
        """The ids in a list that asks for things by them; what can be none is one of nothing."""
        found = []
        for text in self.texts(name):
            with contextlib.suppress(BadValue):
                found.append(id_of(text, name))
        return found

    def texts(self, name: str) -> list[str]:
        """A list of texts; a single one counts as a list of one."""
        value = self.values.get(name)
        if value is None or value == "":
            return []
        items = list(value.values()) if isinstance(value, dict) else value
        return [Params({name: item}).text(name) for item in (items if isinstance(items, list) else [items])]

    def table(self, name: str) -> "Params | None":
        value = self.values.get(name)
        if value is None or value == "":
            return None
        if not isinstance(value, dict):
            raise BadValue(field=name)
        return Params(value)

    def tables(self, name: str) -> "list[Params] | None":
        """A list of tables, also when it came as a table numbered from 0; None where there is none."""
        value = self.values.get(name)
        if value is None or value == "":
            return None
        items = list(value.values()) if isinstance(value, dict) else value
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise BadValue(field=name)
        return [Params(item) for item in items]

    def file(self, name: str) -> File | None:
        value = self.values.get(name)
        return value if isinstance(value, File) else None


def id_of(text: str, name: str = "id") -> int:
    """The number behind an id. Raises BadValue for anything that cannot be one."""
    text = text.strip()
    if not (text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= _LARGEST_ID):
        raise BadValue(field=name)
    return int(text)


async def read(request: web.Request) -> Params:
    """All parameters of `request`, those in the body before those in the address.

    Raises:
        Unreadable: not what its content type says, nested too deeply, or too many fields.
        TooLarge: more bytes than the API takes, or than a file may have.
    """
    params = nested(request.query.items())
    if request.body_exists and request.method not in ("GET", "HEAD"):
        try:
            async with asyncio.timeout(_READ_WITHIN):
                body = await _body(request)
        except TimeoutError:
            raise Unreadable from None
        params.update(body)
    return Params(params)


async def _body(request: web.Request) -> dict[str, Any]:
    kind = request.content_type
    if kind == "multipart/form-data":
        return nested(await _multipart(request))
    data = await _limited(request)
    if not data.strip():
        return {}
    if kind == "application/x-www-form-urlencoded" or not _looks_like_json(kind, data):
        return _form(data)
    try:
        value = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Unreadable from None
    if not isinstance(value, dict):
        raise Unreadable
    return {key.removesuffix("[]"): item for key, item in value.items()}


def _looks_like_json(kind: str, data: bytes) -> bool:
    # without a content type aiohttp says octet-stream; scripts send JSON so
    return kind.endswith("json") or (kind == "application/octet-stream" and data.lstrip()[:1] in (b"{", b"["))


def _form(data: bytes) -> dict[str, Any]:
    try:
        pairs = parse_qsl(data.decode(), keep_blank_values=True, max_num_fields=_FIELDS, errors="strict")
    except ValueError:
        raise Unreadable from None
    return nested(pairs)


async def _limited(request: web.Request) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for chunk in request.content.iter_any():
        size += len(chunk)
        if size > FORM_BYTES:
            raise TooLarge
        parts.append(chunk)
    return b"".join(parts)


async def _multipart(request: web.Request) -> list[tuple[str, Any]]:
    media = request.app[CONFIG].media
    largest_file = max(media.max_bytes, media.max_video_bytes) if recordings.is_available() else media.max_bytes
    pairs: list[tuple[str, Any]] = []
    room = FORM_BYTES
    try:
        reader = await request.multipart()
        while (part := await reader.next()) is not None:
            if not isinstance(part, BodyPartReader) or part.name is None or len(pairs) >= _FIELDS:
                raise Unreadable
            if part.filename is None:
                data = await _part(part, room)
                room -= len(data)
                pairs.append((part.name, data.decode()))
            else:
                pairs.append((part.name, File(part.filename, await _part(part, largest_file))))
    except (ValueError, RuntimeError, AssertionError, web.HTTPException):  # what aiohttp raises for malformed parts
        raise Unreadable from None
    return pairs


async def _part(part: BodyPartReader, most: int) -> bytes:
    data = bytearray()
    while chunk := await part.read_chunk():
        data += chunk
        if len(data) > most:
            raise TooLarge
    return bytes(data)


def nested(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """`a[b][]=1` as {"a": {"b": ["1"]}}. Raises Unreadable for names that contradict one another."""
    values: dict[str, Any] = {}
    for name, value in pairs:
        # Mastodon.py writes `id[][]=1` for a list of ids; no parameter is a list of lists
        first, *rest = _LISTS_OF_LISTS.sub("[]", name).replace("]", "").split("[")
        if len(rest) > _DEPTH:
            raise Unreadable
        _put(values, [first, *rest], value)
    return values


def _put(into: dict[str, Any], path: list[str], value: Any) -> None:
    key, rest = path[0], path[1:]
    if not rest:
        into[key] = value
    elif rest[0] == "":
        items = into.setdefault(key, [])
        if not isinstance(items, list):
            raise Unreadable
        if len(rest) == 1:
            items.append(value)
            return
        # `rows[][name]=a&rows[][value]=b`: a name that comes again begins the next row
        if not items or not isinstance(items[-1], dict) or rest[1] in items[-1]:
            items.append({})
        _put(items[-1], rest[1:], value)
    else:
        table = into.setdefault(key, {})
        if not isinstance(table, dict):
            raise Unreadable
        _put(table, rest, value)
