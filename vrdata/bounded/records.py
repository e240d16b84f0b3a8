"""Sort more binary records than fit in memory; those in order are not merged."""

from __future__ import annotations

import heapq
import struct
import tempfile
from collections.abc import Iterable, Iterator
from typing import IO

from vrdata.bounded.closing import Closing

KEPT_BYTES = 16 * 2**20
"""Records kept in memory; each counts with its objects."""

MERGED_RUNS = 64
"""Runs that become one: so many files are open at most."""

_OBJECTS = 250  # bytes of the Python objects of one record
_HEADER = struct.Struct("<IQI")  # lengths of key and payload, and the arrival between them

_Record = tuple[bytes, int, bytes]


class SortedRecords(Closing):
    """Collects records in any order and returns them sorted by key; a context manager.

    Records with equal keys keep their order of arrival. Records that arrive in order are written
    to one file, and read back without a merge.

    Args:
        kept_bytes: records kept in memory.
    """

    def __init__(self, kept_bytes: int = KEPT_BYTES) -> None:
        self._limit = kept_bytes
        self._kept: list[_Record] = []
        self._size = 0
        self._arrived = 0
        self._runs: list[IO[bytes]] = []
        self._last = b""  # the last key of the last run

    def close(self) -> None:
        """See `Closing.close`."""
        for run in self._runs:
            run.close()

    def add(self, key: bytes, payload: bytes) -> None:
        """Add a record. Raises OSError."""
        self._kept.append((key, self._arrived, payload))
        self._arrived += 1
        self._size += len(payload) + len(key) + _OBJECTS
        if self._size >= self._limit:
            self._spill()

    def __len__(self) -> int:
        return self._arrived

    def __iter__(self) -> Iterator[bytes]:
        """The payloads of all records, in the order of their keys. Raises OSError."""
        self._kept.sort()
        for _, _, payload in heapq.merge(*map(_read, self._runs), self._kept):
            yield payload

    def _spill(self) -> None:
        self._kept.sort()
        if not self._runs or self._kept[0][0] < self._last:
            if len(self._runs) == MERGED_RUNS:
                self._merge()
            self._runs.append(tempfile.TemporaryFile())  # noqa: SIM115 - closed by `close`
        _write(self._runs[-1], self._kept)
        self._last = self._kept[-1][0]
        self._kept, self._size = [], 0

    def _merge(self) -> None:
        merged = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`
        _write(merged, heapq.merge(*map(_read, self._runs)))
        for run in self._runs:
            run.close()
        self._runs = [merged]


def _write(run: IO[bytes], records: Iterable[_Record]) -> None:
    for key, arrived, payload in records:
        run.write(_HEADER.pack(len(key), arrived, len(payload)))
        run.write(key)
        run.write(payload)


def _read(run: IO[bytes]) -> Iterator[_Record]:
    run.seek(0)
    while header := run.read(_HEADER.size):
        key, arrived, payload = _HEADER.unpack(header)
        yield run.read(key), arrived, run.read(payload)
