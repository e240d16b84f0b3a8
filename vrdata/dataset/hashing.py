"""The dataset hash: one number for all bytes of a dataset, whatever its format and sharding.

sha256 over the sorted lines `{sample id}/{file name} {sha256 of the file's bytes}\\n`. Fixed:
users compare it across machines and releases.
"""

from __future__ import annotations

import hashlib
import heapq
import tempfile
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import BinaryIO, Self

RUN_LINES = 200_000  # lines sorted in memory at once: about 40 MB


class DatasetHasher:
    """Collects lines in any order with bounded memory: sorted runs on disk, then one merge."""

    def __init__(self, run_lines: int = RUN_LINES) -> None:
        self._run_lines = run_lines
        self._lines: list[bytes] = []
        self._runs: list[BinaryIO] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for run in self._runs:
            run.close()

    def add(self, sample_id: str, name: str, sha256: str) -> None:
        """Add one file of one sample."""
        self._lines.append(f"{sample_id}/{name} {sha256}\n".encode())
        if len(self._lines) >= self._run_lines:
            self._spill()

    def hexdigest(self) -> str:
        """The hash over everything added, as `sha256:…`."""
        self._lines.sort()
        digest = hashlib.sha256()
        for line in heapq.merge(self._lines, *(_read(run) for run in self._runs)):
            digest.update(line)
        return f"sha256:{digest.hexdigest()}"

    def _spill(self) -> None:
        self._lines.sort()
        run: BinaryIO = tempfile.TemporaryFile()  # type: ignore[assignment] # noqa: SIM115
        run.writelines(self._lines)
        self._runs.append(run)
        self._lines = []


def dataset_hash(files: Iterable[tuple[str, str, str]]) -> str:
    """The hash of (sample id, file name, sha256) triples."""
    with DatasetHasher() as hasher:
        for sample_id, name, sha256 in files:
            hasher.add(sample_id, name, sha256)
        return hasher.hexdigest()


def _read(run: BinaryIO) -> Iterator[bytes]:
    run.seek(0)
    yield from run
