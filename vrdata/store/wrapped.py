"""The base of stores that do something around each request of another store."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Literal, TypeVar

from vrdata.store.port import ObjectInfo, ObjectStore

Operation = Literal["put_new", "get", "get_range", "head", "delete"]
T = TypeVar("T")


class WrappedStore(ABC):
    """Forwards each request to a store. Threads may share one.

    Args:
        store: the store.
    """

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    @property
    def url(self) -> str:
        """The inner store's URL."""
        return self._store.url

    @property
    def limits(self) -> Mapping[str, str]:
        """See `ObjectStore.limits`."""
        return self._store.limits

    def put_new(self, key: str, body: bytes | Path, *, sha256: str, content_type: str = "") -> bool:
        """See `ObjectStore.put_new`."""
        return self._around(
            "put_new",
            lambda: self._store.put_new(key, body, sha256=sha256, content_type=content_type),
        )

    def get(self, key: str) -> bytes:
        """See `ObjectStore.get`."""
        return self._around("get", lambda: self._store.get(key))

    def get_range(self, key: str, start: int, length: int) -> bytes:
        """See `ObjectStore.get_range`."""
        return self._around("get_range", lambda: self._store.get_range(key, start, length))

    def head(self, key: str) -> ObjectInfo | None:
        """See `ObjectStore.head`."""
        return self._around("head", lambda: self._store.head(key))

    def list_after(self, prefix: str, after: str = "") -> Iterator[ObjectInfo]:
        """See `ObjectStore.list_after`."""
        return self._store.list_after(prefix, after)

    def delete(self, key: str) -> None:
        """See `ObjectStore.delete`."""
        self._around("delete", lambda: self._store.delete(key))

    @abstractmethod
    def _around(self, operation: Operation, request: Callable[[], T]) -> T:
        """Make a request that is not a listing, and do something around it."""
