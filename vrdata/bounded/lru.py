"""A cache that drops what was used longest ago when its bytes or values are too many. Pure."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class ByteCache(Generic[K, V]):
    """Values and their sizes; not for concurrent threads.

    Args:
        limit: bytes of all values. A larger value is not kept.
        drop: called with each value that no longer fits.
        items: values that are kept at most; None = any number.

    Attributes:
        limit: as given.
        items: as given.
        size: bytes of the kept values.
    """

    def __init__(
        self,
        limit: int,
        drop: Callable[[V], None] | None = None,
        items: int | None = None,
    ) -> None:
        self.limit, self.items, self._drop = limit, items, drop
        self._kept: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self.size = 0

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: K) -> V | None:
        """A kept value, from now on the latest used one; None = there is none."""
        found = self._kept.get(key)
        if found is None:
            return None
        self._kept.move_to_end(key)
        return found[0]

    def put(self, key: K, value: V, size: int) -> None:
        """Keep a value, and drop others until all fit."""
        if key in self._kept:
            self.size -= self._kept.pop(key)[1]
        if size > self.limit or self.items == 0:
            return
        self._kept[key] = value, size
        self.size += size
        while self.size > self.limit or (self.items is not None and len(self) > self.items):
            _, (dropped, size) = self._kept.popitem(last=False)
            self.size -= size
            if self._drop is not None:
                self._drop(dropped)

    def forget(self, key: K) -> None:
        """Drop a value, if it is kept."""
        found = self._kept.pop(key, None)
        if found is not None:
            self.size -= found[1]
            if self._drop is not None:
                self._drop(found[0])
