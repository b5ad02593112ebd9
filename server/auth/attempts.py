"""Slows down guessing: how many wrong passwords an account, and an address, may have in a minute (R-83).

Counted in memory by each web process, since a count that is lost with the process gives nobody a second chance worth
having, and a guess must not cost a write to the database.
"""

import ipaddress
from collections import OrderedDict, deque
from collections.abc import Sequence

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
    """What was tried in the last minute, by key. `most` attempts of any key are let through, the next one is refused.

    An attempt counts from before it is judged: many at the same time get no further than one after another.
    """

    def __init__(self, most: int) -> None:
        self._most = max(1, most)
        self._tried: OrderedDict[str, deque[float]] = OrderedDict()

    def begin(self, keys: Sequence[str]) -> None:
        """Count an attempt. Raises TooManyAttempts, and counts nothing, when one of `keys` has used up its own."""
        moment = now().timestamp()
        for key in keys:
            tried = self._tried.get(key)
            if tried is None:
                continue
            while tried and tried[0] <= moment - _WINDOW:
                tried.popleft()
            if len(tried) >= self._most:
                raise TooManyAttempts(retry_after=int(tried[0] + _WINDOW - moment) + 1)
        for key in keys:
            self._tried.setdefault(key, deque()).append(moment)
            self._tried.move_to_end(key)
        while len(self._tried) > _MOST_KEYS:
            self._tried.popitem(last=False)

    def succeeded(self, account: str, *others: str) -> None:
        """It was right: the account's count begins again; of the others' only this attempt is taken out."""
        self._tried.pop(account, None)
        for key in others:
            if self._tried.get(key):
                self._tried[key].pop()


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
