"""How often one account's apps, or one address without a token, may ask; clients are told what is left."""

import time
from datetime import UTC, datetime

from aiohttp import web

from models.errors import DomainError
from server.api.entities.times import instant
from server.config import Config

WINDOW = 300
_MOST = 50_000
_REGISTRATIONS = 60
_TOKENS = 120
_LOOKUPS = 120


class TooManyRequests(DomainError):
    """Too many requests in a short time: wait a little."""

    code = "too_many_requests"
    status = 429


class Allowance:
    """Counts requests in windows of five minutes."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._counts: dict[str, tuple[float, int]] = {}

    def spend(self, who: str, *, at: float | None = None) -> dict[str, str]:
        """Count a request of `who`; the headers that say what is left, none without a limit.

        Raises:
            TooManyRequests: nothing is left; its facts say for how many seconds, and have the headers as `left`.
        """
        if not self.most:
            return {}
        at = time.time() if at is None else at
        start, count = self._counts.pop(who, (at, 0))
        if at >= start + WINDOW:
            start, count = at, 0
        while len(self._counts) >= _MOST:
            del self._counts[next(iter(self._counts))]
        self._counts[who] = (start, count + 1)
        left = {
            "X-RateLimit-Limit": str(self.most),
            "X-RateLimit-Remaining": str(max(0, self.most - count - 1)),
            "X-RateLimit-Reset": instant(datetime.fromtimestamp(start + WINDOW, UTC)),
        }
        if count >= self.most:
            raise TooManyRequests(retry_after=max(1, int(start + WINDOW - at) + 1), left=left)
        return left


ALLOWANCE = web.AppKey("api_allowance", Allowance)
REGISTRATIONS = web.AppKey("api_registrations", Allowance)
TOKENS = web.AppKey("api_tokens", Allowance)
LOOKUPS = web.AppKey("lookups", Allowance)
"""How often one person, by whatever means, may have us ask another server for whom or what they typed (R-83)."""


def setup(app: web.Application, config: Config) -> None:
    """Give `app` its counters. Without a limit for accounts there is none for what needs no account either."""
    most = config.limits.api_requests
    app[ALLOWANCE] = Allowance(most)
    app[REGISTRATIONS] = Allowance(_REGISTRATIONS if most else 0)
    app[TOKENS] = Allowance(_TOKENS if most else 0)
    app[LOOKUPS] = Allowance(_LOOKUPS if most else 0)
