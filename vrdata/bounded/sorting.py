"""Sort more lines than fit in memory: sorted runs on disk, then one merge."""

from __future__ import annotations

import heapq
import tempfile
from collections.abc import Iterator
from threading import Lock
from typing import IO

from vrdata.bounded.closing import Closing

RUN_LINES = 200_000
"""Lines kept in memory, about 40 MB. Each full run is one open temporary file, so the usual limit
of 1024 open files is reached at 200 million lines: some 30 million samples, or half as many with
two concurrent sorts, as in `verify` of format files."""


class SortedLines(Closing):
    """Collects byte lines in any order and returns them sorted; a context manager.

    Threads may add lines concurrently.

    Args:
        run_lines: lines kept in memory.
    """

    def __init__(self, run_lines: int = RUN_LINES) -> None:
        self._run_lines = run_lines
        self._lines: list[bytes] = []
        self._runs: list[IO[bytes]] = []
        self._lock = Lock()

    def close(self) -> None:
        """See `Closing.close`."""
        for run in self._runs:
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
        return heapq.merge(self._lines, *(_read(run) for run in self._runs))

    def _spill(self) -> None:
        self._lines.sort()
        run = tempfile.TemporaryFile()  # noqa: SIM115 - closed by __exit__
        run.writelines(self._lines)
        self._runs.append(run)
        self._lines = []


def _read(run: IO[bytes]) -> Iterator[bytes]:
    run.seek(0)
    yield from run
