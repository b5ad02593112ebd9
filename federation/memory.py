"""What the receiving half of the wire remembers between requests: keys, failures, rates.

All of it is bounded and lost at a restart without harm; nothing here decides what somebody may see.
"""

import asyncio
from collections import Counter, OrderedDict, deque
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from msgspec import Struct, field

from federation.known import KnownKey, Manner
from federation.repeats import Repeats
from models.base import now

MOST_WAITING = 2000

K = TypeVar("K")
V = TypeVar("V")


class Fading(Generic[K, V]):
    """Entries that are forgotten after a while, the oldest ones sooner when there are too many."""

    def __init__(self, lifetime: timedelta, *, limit: int) -> None:
        self._lifetime = lifetime.total_seconds()
        self._limit = limit
        self._entries: OrderedDict[K, tuple[float, V]] = OrderedDict()

    def get(self, key: K) -> V | None:
        found = self._entries.get(key)
        if found is None:
            return None
        until, value = found
        if until < now().timestamp():
            del self._entries[key]
            return None
        return value

    def put(self, key: K, value: V) -> None:
        self._entries.pop(key, None)
        self._entries[key] = (now().timestamp() + self._lifetime, value)
        if len(self._entries) > self._limit:
            self._entries.popitem(last=False)

    def drop(self, key: K) -> None:
        self._entries.pop(key, None)


class Buckets:
    """Rates by name: so many a minute on average, and at most `burst` at once."""

    def __init__(self, *, limit: int = 4096) -> None:
        self._limit = limit
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, name: str, *, per_minute: float, burst: float) -> float:
        """0.0 when one more is within the rate, and counted; otherwise the seconds until it will be. 0 is no limit."""
        if per_minute <= 0:
            return 0.0
        moment = now().timestamp()
        level, since = self._levels.pop(name, (burst, moment))
        level = min(burst, level + max(0.0, moment - since) * per_minute / 60)
        allowed = level >= 1
        self._levels[name] = (level - 1 if allowed else level, moment)
        if len(self._levels) > self._limit:
            self._levels.popitem(last=False)
        return 0.0 if allowed else (1 - level) * 60 / per_minute


class Decision(Struct, frozen=True):
    """What a rule decided about one request."""

    at: datetime
    action: str
    host: str
    rule: str
    facts: dict[str, Any]


class Decisions(Struct):
    """Those that are not in the audit log yet, and how many were too many."""

    waiting: deque[Decision] = field(default_factory=lambda: deque(maxlen=MOST_WAITING))
    beyond: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    counted_at: datetime | None = None


class Memory(Struct, eq=False):
    """One per Wire."""

    keys: Fading[str, KnownKey] = field(default_factory=lambda: Fading(timedelta(minutes=10), limit=8192))
    missing_keys: Fading[str, int] = field(default_factory=lambda: Fading(timedelta(minutes=5), limit=8192))
    refetched_keys: Fading[str, bool] = field(default_factory=lambda: Fading(timedelta(minutes=5), limit=8192))
    nonces: Fading[tuple[str, str], bool] = field(default_factory=lambda: Fading(timedelta(hours=14), limit=65536))
    asked_cards: Fading[tuple[str, str], bool] = field(default_factory=lambda: Fading(timedelta(minutes=5), limit=8192))
    digests: Fading[tuple[int, str], str] = field(default_factory=lambda: Fading(timedelta(seconds=10), limit=8192))
    compared: Fading[str, str] = field(default_factory=lambda: Fading(timedelta(minutes=10), limit=8192))
    woken: Fading[str, bool] = field(default_factory=lambda: Fading(timedelta(minutes=1), limit=4096))
    manners: Fading[str, Manner] = field(default_factory=lambda: Fading(timedelta(days=7), limit=4096))
    fetching: dict[str, asyncio.Future[KnownKey]] = field(default_factory=dict)
    key_fetches: Buckets = field(default_factory=Buckets)
    fetches: Buckets = field(default_factory=Buckets)
    files: Buckets = field(default_factory=Buckets)
    arrivals: Buckets = field(default_factory=Buckets)
    refusals: Buckets = field(default_factory=Buckets)
    noted: Buckets = field(default_factory=Buckets)
    decisions: Decisions = field(default_factory=Decisions)
    repeats: Repeats = field(default_factory=Repeats)
