"""Count a store's requests by operation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from threading import Lock

from vrdata.store.port import ObjectInfo, ObjectStore
from vrdata.store.wrapped import Operation, T, WrappedStore

PAGE = 1000  # keys of one S3 list request


class CountingStore(WrappedStore):
    """A store that forwards and counts each request; threads may share one.

    A listing counts as many requests as S3 would need pages of 1000 keys.
    """

    def __init__(self, store: ObjectStore) -> None:
        super().__init__(store)
        self._counts: Counter[str] = Counter()
        self._lock = Lock()

    @property
    def counts(self) -> dict[str, int]:
        """Requests so far by operation: put_new, get, get_range, head, list, delete."""
        with self._lock:
            return dict(self._counts)

    @property
    def total(self) -> int:
        """All requests so far."""
        return sum(self.counts.values())

    def list_after(self, prefix: str, after: str = "") -> Iterator[ObjectInfo]:
        """See `ObjectStore.list_after`."""
        self._count("list")
        for number, info in enumerate(self._store.list_after(prefix, after)):
            if number and number % PAGE == 0:
                self._count("list")
            yield info

    def _around(self, operation: Operation, request: Callable[[], T]) -> T:
        self._count(operation)
        return request()

    def _count(self, operation: str) -> None:
        with self._lock:
            self._counts[operation] += 1
