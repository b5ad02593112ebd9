"""Slows down guessing: how many wrong passwords an account, and an address, may have in a minute (R-83).

Counted in memory by each web process, since a count that is lost with the process gives nobody a second chance worth
having, and a guess must not cost a write to the database.
"""

import ipaddress
from collections import OrderedDict, deque
from collections.abc import Iterable, Sequence

from aiohttp import web

from models.base import now
from models.errors import DomainError
from server.config import Config
from server.context import config

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_WINDOW = 60.0
_MOST_KEYS = 20_000


class TooManyAttempts(DomainError):
    """There were too many attempts: wait a minute, then try again."""

    code = "too_many_attempts"
    status = 429


class Attempts:
    """Failures of the last minute by key. `most` failures of any key are let through, the next one is refused."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._failures: OrderedDict[str, deque[float]] = OrderedDict()

    def refuse_if_many(self, keys: Iterable[str]) -> None:
        """Raises TooManyAttempts when one of `keys` has used up its attempts."""
        moment = now().timestamp()
        for key in keys:
            failures = self._failures.get(key)
            if failures is None:
                continue
            while failures and failures[0] <= moment - _WINDOW:
                failures.popleft()
            if len(failures) >= self._most:
                raise TooManyAttempts(retry_after=int(failures[0] + _WINDOW - moment) + 1)

    def note_failure(self, keys: Iterable[str]) -> None:
        for key in keys:
            failures = self._failures.setdefault(key, deque(maxlen=self._most))
            failures.append(now().timestamp())
            self._failures.move_to_end(key)
        while len(self._failures) > _MOST_KEYS:
            self._failures.popitem(last=False)

    def forget(self, key: str) -> None:
        """Somebody got in: their account's count begins again; their address's does not."""
        self._failures.pop(key, None)


ATTEMPTS = web.AppKey("attempts", Attempts)


def setup(app: web.Application, settings: Config) -> None:
    if ATTEMPTS not in app:
        app[ATTEMPTS] = Attempts(settings.sign_in.attempts_per_minute)


def address_of(request: web.Request) -> str:
    """Where a request comes from: an IPv4 address, or the /64 network of an IPv6 one."""
    return address_behind(request, config(request).trusted_proxies)


def address_behind(request: web.BaseRequest, trusted: Sequence[Network]) -> str:
    """The same for whoever knows which proxies are `trusted`: X-Forwarded-For counts only as far as it was written by
    them, read from the right."""
    found = request.remote or ""
    chain = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
    while chain and _is_trusted(found, trusted):
        found = chain.pop()
    try:
        address = ipaddress.ip_address(found)
    except ValueError:
        return found
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def _is_trusted(text: str, trusted: Sequence[Network]) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return any(address in network for network in trusted)
