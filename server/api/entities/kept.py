"""Keeps what was made once, by a key that names its version; the oldest goes when there is too much."""

from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Kept(Generic[K, V]):
    """A bounded table. A changed thing has another key, so nothing in here is ever wrong, only unused."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._made: dict[K, V] = {}

    def get(self, key: K) -> V | None:
        found = self._made.get(key)
        if found is not None and len(self._made) > self._most // 2:
            self._made[key] = self._made.pop(key)  # used lately: goes last
        return found

    def put(self, key: K, value: V) -> None:
        self._made.pop(key, None)
        while len(self._made) >= self._most:
            del self._made[next(iter(self._made))]
        self._made[key] = value

    def __len__(self) -> int:
        return len(self._made)
