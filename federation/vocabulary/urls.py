"""Turns text into a checked URL; nothing else in the house reads a URL from outside (R-20)."""

import ipaddress
import re
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote

from msgspec import Struct
from yarl import URL

from federation.errors import ProtocolError

MAX_URL = 4096
_DEFAULT_PORTS = {"https": 443, "http": 80}
_URL = re.compile(r"(https?)://([^/?#]*)([^?#]*)(\?[^#]*)?(#.*)?", re.IGNORECASE)
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f-\x9f\\<>\"\u2028\u2029\ud800-\udfff]")
_AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:\[\]@%]+)(?::([0-9]{1,5}))?")
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*")
_NUMERIC = re.compile(r"(?:[0-9]+|0x[0-9a-f]*)")
_KEPT = "/?#[]@!$&'()*+,;=:%~-._"


class BadUrl(ProtocolError):
    """The text is not an address this server deals with."""

    code = "bad_url"


class Origin(NamedTuple):
    """What two ids must share to trust each other: scheme, host, port."""

    scheme: str
    host: str
    port: int

    @property
    def authority(self) -> str:
        """The host, with the port where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"


class CheckedUrl(Struct, frozen=True):
    """An absolute http(s) URL without surprises.

    `text` is as it came (ids are compared by it), `origin` is normalised, `target` is the path and query as they go
    into a request.
    """

    text: str
    origin: Origin
    target: str

    @property
    def host(self) -> str:
        return self.origin.host

    @property
    def url(self) -> str:
        """The address to request: normalised origin, path, query, no fragment, ASCII only."""
        return f"{self.origin.scheme}://{self.origin.authority}{self.target}"

    def __str__(self) -> str:
        return self.text


@lru_cache(maxsize=2048)  # what names a post comes once: more would only be held on to
def checked_url(text: str, *, insecure: tuple[str, ...] = ()) -> CheckedUrl:
    """Check an absolute URL; `http` is accepted only for hosts that the patterns in `insecure` name.

    Refused: other schemes, user names, control characters, spaces, backslashes, empty or odd hosts, numbers that some
    resolvers read as addresses, zone ids, and more than 4096 characters.

    Raises:
        BadUrl: with the reason among its facts.
    """
    if len(text) > MAX_URL:
        raise BadUrl(reason="too_long", length=len(text))
    if _FORBIDDEN.search(text):
        raise BadUrl(reason="character")
    match = _URL.fullmatch(text)
    if match is None:
        raise BadUrl(reason="scheme")
    scheme = match[1].lower()
    authority = _AUTHORITY.fullmatch(match[2])
    if authority is None:
        raise BadUrl(reason="authority")
    host = normal_host(authority[1])
    port = int(authority[2]) if authority[2] else _DEFAULT_PORTS[scheme]
    if not 0 < port < 65536:
        raise BadUrl(reason="port")
    if scheme == "http" and not host_matches(host, port, insecure):
        raise BadUrl(reason="insecure", host=host)
    target = quote((match[3] or "/") + (match[4] or ""), safe=_KEPT)
    return CheckedUrl(text, Origin(scheme, host, port), target)


@lru_cache(maxsize=2048)  # whoever speaks of something names their own server again and again
def normal_host(text: str) -> str:
    """A host name in lower-case ASCII without a final dot, or an address without brackets (R-19).

    Raises:
        BadUrl: it is no host name and no plain address.
    """
    if text.startswith("["):
        try:
            return str(ipaddress.IPv6Address(text[1:-1]))
        except ValueError:
            raise BadUrl(reason="host") from None
    name = text.lower()
    if not name.isascii():
        try:
            name = (URL.build(scheme="https", host=text).raw_host or "").lower()
        except ValueError:
            raise BadUrl(reason="host") from None
    name = name.removesuffix(".")
    if not _NAME.fullmatch(name):
        raise BadUrl(reason="host")
    if _NUMERIC.fullmatch(name.rpartition(".")[2]):  # WHATWG URL: a host that ends in a number is an IPv4 address
        try:
            return str(ipaddress.IPv4Address(name))
        except ValueError:
            raise BadUrl(reason="host") from None
    return name


_THIS_MACHINE = re.compile(r"127(?:\.[0-9]{1,3}){3}")


def host_matches(host: str, port: int, patterns: tuple[str, ...]) -> bool:
    """Whether a pattern names the host: `name`, `[v6]`, `*.name` for all below it, each also with `:port`; or `*`.

    `127.*` means the addresses of this machine, and no name that merely begins like one; `*.localhost` is `localhost`
    itself too, as in the configuration.
    """
    for pattern in patterns:
        name, colon, wanted = pattern.rpartition(":") if pattern[-1:].isdigit() else (pattern, "", "")
        if not colon:
            name = pattern
        elif wanted != str(port):
            continue
        if name == "*" or name.strip("[]") == host or (name.startswith("*.") and host.endswith(name[1:])):
            return True
        if name == "127.*" and _THIS_MACHINE.fullmatch(host):
            return True
        if name == "*.localhost" and host == "localhost":
            return True
    return False


def origin(text: str) -> Origin:
    """The origin of an id, for comparing; it says nothing about whether we would fetch it.

    Raises:
        BadUrl: the id is no checked URL.
    """
    return checked_url(text, insecure=("*",)).origin


def same_origin(one: str, other: str) -> bool:
    """Whether two ids have one origin; False when either is no checked URL."""
    try:
        return origin(one) == origin(other)
    except BadUrl:
        return False


def host_of(text: str) -> str:
    """The host of an id in lower-case ASCII, with the port where it is not the scheme's own.

    Raises:
        BadUrl: the id is no checked URL.
    """
    return origin(text).authority
