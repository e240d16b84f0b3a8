"""The parts of a shard's items, read block by block from the list that the run stores."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from vrdata.contract.reasons import FailureReason
from vrdata.errors import VrdataError
from vrdata.plan.sources import PlannedSource
from vrdata.sources.port import Part
from vrdata.store.port import ObjectStore
from vrdata.store.streaming import StoredFile
from vrdata_worker.failures import ShardFailedError

_UNREADABLE = (OSError, KeyError, TypeError, ValueError, NotImplementedError)  # of pyarrow


class PartList:
    """Parts by the blocks of one shard, in order; memory holds those of a few blocks.

    Args:
        store: the run's store.
        key: of the list.
        source: what is read.
        start: index of the shard's first item.
        stop: the index after its last one.
    """

    def __init__(
        self,
        store: ObjectStore,
        key: str,
        source: PlannedSource,
        start: int,
        stop: int,
    ) -> None:
        self._key = key
        self._source = source
        self._parts = self._read(store, start, stop)
        self._kept: deque[Part] = deque()

    def of(self, start: int, stop: int) -> tuple[Part, ...]:
        """The parts with items of `[start, stop)`, which follow those of the call before.

        Raises:
            ShardFailedError: OutputChanged when the list is missing, damaged, or not the one of
                the plan.
            StorageError, StoreAccessError: the store cannot be used.
        """
        while self._kept and self._kept[0].first + self._kept[0].items <= start:
            self._kept.popleft()
        while not self._kept or self._kept[-1].first + self._kept[-1].items < stop:
            part = self._next()
            if part is None:
                raise self._changed(f"it ends before item {stop - 1}")
            expected = self._kept[-1].first + self._kept[-1].items if self._kept else None
            if (part.first > start) if expected is None else (part.first != expected):
                raise self._changed(f"the items before {part.first} are missing")
            self._kept.append(part)
        return tuple(part for part in self._kept if part.first < stop)

    def _next(self) -> Part | None:
        try:
            return next(self._parts, None)
        except VrdataError:
            raise
        except _UNREADABLE as error:
            raise self._changed(f"it is damaged: {error}") from None

    def _read(self, store: ObjectStore, start: int, stop: int) -> Iterator[Part]:
        # Only a run with converters imports pyarrow.
        from vrdata.sources.parts import list_digest, read_parts  # noqa: PLC0415

        # A listing: in a folder, a head request reads the whole file.
        info = next(store.list_after(self._key), None)
        if info is None or info.key != self._key:
            raise self._changed("it is missing")
        found = list_digest(StoredFile(store, self._key, info.size))
        if found != self._source.digest:
            raise self._changed(f"its digest is {found or 'missing'}")
        yield from read_parts(StoredFile(store, self._key, info.size), start, stop)

    def _changed(self, why: str) -> ShardFailedError:
        return ShardFailedError(
            FailureReason.OUTPUT_CHANGED,
            f"{self._key} is not the list of items that the run began with: {why}",
        )
