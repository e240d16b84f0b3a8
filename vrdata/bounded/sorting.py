"""Sort more lines than fit in memory: sorted runs on disk, then one merge."""

from __future__ import annotations

import heapq
import tempfile
from collections.abc import Iterable, Iterator
from threading import Lock
from typing import IO

from vrdata.bounded.closing import Closing

RUN_LINES = 5_000
"""Lines kept in memory, about 1 MB; more would not be faster."""

MERGED_RUNS = 32
"""Runs that become one: a few dozen files are open, however many lines there are."""


class SortedLines(Closing):
    """Collects byte lines in any order and returns them sorted; a context manager.

    Threads may add lines concurrently.

    Args:
        run_lines: lines kept in memory.
    """

    def __init__(self, run_lines: int = RUN_LINES) -> None:
        self._run_lines = run_lines
        self._lines: list[bytes] = []
        # A run of one level is MERGED_RUNS runs of the level before it.
        self._levels: list[list[IO[bytes]]] = []
        self._lock = Lock()

    def close(self) -> None:
        """See `Closing.close`."""
        for run in self._runs():
            run.close()

    def add(self, line: bytes) -> None:
        """Add a line, which must end with its only newline. Raises OSError."""
        with self._lock:
            self._lines.append(line)
            if len(self._lines) >= self._run_lines:
                self._spill()

    def __iter__(self) -> Iterator[bytes]:
        """All lines, duplicates included, in the order of their bytes. Raises OSError."""
        self._lines.sort()
        return heapq.merge(self._lines, *map(_read, self._runs()))

    def _runs(self) -> list[IO[bytes]]:
        return [run for level in self._levels for run in level]

    def _spill(self) -> None:
        self._lines.sort()
        self._write(self._lines, 0)
        self._lines = []

    def _write(self, lines: Iterable[bytes], level: int) -> None:
        """Write a run; a full level becomes one run of the next one."""
        if level == len(self._levels):
            self._levels.append([])
        runs = self._levels[level]
        runs.append(tempfile.TemporaryFile())  # noqa: SIM115 - closed by __exit__
        runs[-1].writelines(lines)
        if len(runs) == MERGED_RUNS:
            self._write(heapq.merge(*map(_read, runs)), level + 1)
            for run in runs:
                run.close()
            runs.clear()


def _read(run: IO[bytes]) -> Iterator[bytes]:
    run.seek(0)
    yield from run
