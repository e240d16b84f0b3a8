"""Fetch chunks of the files of a source, and keep some of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from vrdata.sources.port import Part, PartFile
from vrdata_worker.staging.cache import PartCache
from vrdata_worker.staging.fetch import Fetcher

CHUNK = 4 * 2**20  # a request to S3 or the Hub takes as long as that of many small ones
CHUNKS_BYTES = 2**28  # all chunks on the disk
_LOCKS = 64
_FILES = 1 << 40  # numbers of chunks of one source


class Piece(NamedTuple):
    """A part of a chunk: `size` bytes of the file `path` from byte `start`."""

    path: Path
    start: int
    size: int


class RangeReader:
    """Reads ranges of the files of one source. Threads may share it.

    Args:
        number: of the source among those that share the cache.
        parts: of the source, with whole files.
        fetcher: of the source.
        cache: keeps chunks.
    """

    def __init__(
        self, number: int, parts: Sequence[Part], fetcher: Fetcher, cache: PartCache
    ) -> None:
        self._fetcher = fetcher
        self._cache = cache
        self._files: dict[str, tuple[PartFile, int]] = {}
        self._locks = [threading.Lock() for _ in range(_LOCKS)]
        self._counted = threading.Lock()
        self.fetched = 0
        """Bytes that were fetched."""
        first = number * _FILES
        for file in (one for part in parts for one in part.files):
            self._files[file.name] = file, first
            first += -(-file.size // CHUNK)

    @property
    def files(self) -> list[tuple[str, int]]:
        """Names and sizes, in the order of the source."""
        return [(name, file.size) for name, (file, _) in self._files.items()]

    def size_of(self, name: str) -> int | None:
        """The size of a file; None = the source does not have it."""
        found = self._files.get(name)
        return None if found is None else found[0].size

    def chunks(self, name: str, start: int, stop: int) -> Iterator[Part]:
        """The chunks that contain bytes `[start, stop)` of a file of the source, in order."""
        file, first = self._files[name]
        for number in range(start // CHUNK, -(-stop // CHUNK)):
            ranges = ((number * CHUNK, min((number + 1) * CHUNK, file.size)),)
            yield Part(first + number, 1, (replace(file, ranges=ranges),))

    @contextmanager
    def opened(
        self, chunk: Part, start: int, stop: int, stopped: Callable[[], bool]
    ) -> Iterator[Piece]:
        """What a chunk has of bytes `[start, stop)` of its file; it is fetched if it is not kept.

        Args:
            chunk: of `chunks`.
            start: in the file.
            stop: in the file.
            stopped: whether to wait no longer.

        Raises:
            ShardFailedError: it cannot be fetched, or is no longer the pinned one.
        """
        with self._locks[chunk.first % _LOCKS]:  # two threads would fetch it to the same place
            missing = self._cache.hold([chunk], stopped)
            try:
                if missing:
                    self._fetch(chunk, stopped)
            except BaseException:
                self._cache.release([chunk])
                raise
        try:
            (file,) = chunk.files
            begin, end = file.ranges[0]
            first, last = max(start, begin), min(stop, end)
            path = self._cache.folder_of(chunk) / file.name
            yield Piece(path, first - begin, last - first)
        finally:
            self._cache.release([chunk])

    def _fetch(self, chunk: Part, stopped: Callable[[], bool]) -> None:
        self._fetcher.fetch(chunk, self._cache.folder_of(chunk), stopped)
        self._cache.staged(chunk)
        with self._counted:
            self.fetched += chunk.bytes
