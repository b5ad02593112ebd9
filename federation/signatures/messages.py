"""A request as the signature code sees it: method, external URL, header fields, body."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Protocol

from msgspec import Struct

from federation.signatures.refusals import HeaderRepeated

# a second value of one of these is read differently by different layers.
ONCE_ONLY = (
    "signature",
    "signature-input",
    "authorization",
    "digest",
    "content-digest",
    "date",
    "host",
    "content-length",
    "content-type",
)
Form = Literal["cavage", "rfc9421"]
_DEFAULT_PORTS = {"https": ":443", "http": ":80"}


class HeaderItems(Protocol):
    """What a multi-valued header mapping offers (aiohttp's CIMultiDictProxy does)."""

    def items(self) -> Iterable[tuple[str, str]]: ...


@dataclass(frozen=True)
class Request:
    """A received request; `url` is the absolute external URL with its query, not what a proxy forwarded.

    `headers` may be a multi-valued mapping or pairs of name and value, names in any case.
    """

    method: str
    url: str
    headers: HeaderItems | tuple[tuple[str, str], ...]
    body: bytes = b""

    @cached_property
    def fields(self) -> dict[str, list[str]]:
        """Trimmed values by lower-case name, in the order they came."""
        pairs = self.headers if isinstance(self.headers, tuple) else self.headers.items()
        fields: dict[str, list[str]] = {}
        for name, value in pairs:
            fields.setdefault(name.lower(), []).append(value.strip(" \t"))
        return fields

    @cached_property
    def parts(self) -> "Target":
        return target_of(self.url)

    def field(self, name: str) -> str | None:
        """The field's values joined as one (RFC 9110 §5.3), or None when it was not sent."""
        values = self.fields.get(name)
        return None if values is None else ", ".join(values)

    def refuse_repeated(self) -> None:
        """Raises: HeaderRepeated when a header that decides who sent what came twice (R-04)."""
        for name in ONCE_ONLY:
            values = self.fields.get(name)
            if values is not None and len(values) > 1:
                raise HeaderRepeated(header=name)


class Target(Struct, frozen=True):
    """The parts of a request URL that signatures name."""

    scheme: str
    authority: str
    path: str
    query: str | None

    def request_target(self, *, with_query: bool = True) -> str:
        return f"{self.path}?{self.query}" if with_query and self.query is not None else self.path


def target_of(url: str) -> Target:
    """Split an absolute URL without changing a byte of path and query; the authority loses its default port."""
    scheme, _, rest = url.partition("://")
    rest = rest.partition("#")[0]
    before_query, mark, query = rest.partition("?")
    authority, slash, path = before_query.partition("/")
    return Target(
        scheme=scheme.lower(),
        authority=normal_authority(authority, scheme.lower()),
        path=slash + path or "/",
        query=query if mark else None,
    )


def normal_authority(authority: str, scheme: str) -> str:
    """Lower case and without the scheme's default port (RFC 9421 §2.2.3)."""
    return authority.strip().lower().removesuffix(_DEFAULT_PORTS.get(scheme, ":443"))
