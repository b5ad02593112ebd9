"""Keeps what was made once, by a key that names its version; the oldest goes when there is too much."""

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

ENTRY_BYTES = 700
"""What an entry takes beside its contents: its key, its place, the objects around it; about so much."""


class Kept(Generic[K, V]):
    """A table that takes `budget` bytes at most, as `size` tells them of each value. A changed thing has another key,
    so nothing in here is ever wrong, only unused."""

    def __init__(self, budget: int, *, size: Callable[[V], int]) -> None:
        self._budget = budget
        self._size = size
        self._made: dict[K, V] = {}
        self._taken = 0

    def get(self, key: K) -> V | None:
        found = self._made.get(key)
        if found is not None and self._taken > self._budget // 2:
            self._made[key] = self._made.pop(key)  # used lately: goes last
        return found

    def put(self, key: K, value: V) -> None:
        former = self._made.pop(key, None)
        if former is not None:
            self._taken -= ENTRY_BYTES + self._size(former)
        self._made[key] = value
        self._taken += ENTRY_BYTES + self._size(value)
        while self._taken > self._budget:
            self._taken -= ENTRY_BYTES + self._size(self._made.pop(next(iter(self._made))))

    def __len__(self) -> int:
        return len(self._made)
