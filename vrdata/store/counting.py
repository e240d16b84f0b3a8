"""Count a store's requests by operation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from threading import Lock

from vrdata.store.port import ObjectInfo, ObjectStore

PAGE = 1000  # keys of one S3 list request


class CountingStore:
    """A store that forwards and counts each request; threads may share one.

    A listing counts as many requests as S3 would need pages of 1000 keys.
    """

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._counts: Counter[str] = Counter()
        self._lock = Lock()

    @property
    def url(self) -> str:
        """The inner store's URL."""
        return self._store.url

    @property
    def counts(self) -> dict[str, int]:
        """Requests so far by operation: put_new, get, get_range, head, list, delete."""
        with self._lock:
            return dict(self._counts)

    @property
    def total(self) -> int:
        """All requests so far."""
        return sum(self.counts.values())

    @property
    def limits(self) -> Mapping[str, str]:
        """See `ObjectStore.limits`."""
        return self._store.limits

    def put_new(self, key: str, body: bytes | Path, *, sha256: str, content_type: str = "") -> bool:
        """See `ObjectStore.put_new`."""
        self._count("put_new")
        return self._store.put_new(key, body, sha256=sha256, content_type=content_type)

    def get(self, key: str) -> bytes:
        """See `ObjectStore.get`."""
        self._count("get")
        return self._store.get(key)

    def get_range(self, key: str, start: int, length: int) -> bytes:
        """See `ObjectStore.get_range`."""
        self._count("get_range")
        return self._store.get_range(key, start, length)

    def head(self, key: str) -> ObjectInfo | None:
        """See `ObjectStore.head`."""
        self._count("head")
        return self._store.head(key)

    def list_after(self, prefix: str, after: str = "") -> Iterator[ObjectInfo]:
        """See `ObjectStore.list_after`."""
        self._count("list")
        for number, info in enumerate(self._store.list_after(prefix, after)):
            if number and number % PAGE == 0:
                self._count("list")
            yield info

    def delete(self, key: str) -> None:
        """See `ObjectStore.delete`."""
        self._count("delete")
        self._store.delete(key)

    def _count(self, operation: str) -> None:
        with self._lock:
            self._counts[operation] += 1
