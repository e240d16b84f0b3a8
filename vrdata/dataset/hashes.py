r"""The dataset hash: one hash over all bytes of a dataset, independent of format and sharding.

sha256 over the lines `{sample id}/{file name} {sha256 of the file's bytes}\n`, sorted by their
bytes. Fixed: users compare it across machines and releases. Two generators may share a domain and
so have equal sample ids; the lines of both samples count.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from vrdata.bounded.closing import Closing
from vrdata.bounded.sorting import RUN_LINES, SortedLines


class DatasetHasher(Closing):
    """Takes the files of a dataset in any order, with bounded memory; a context manager.

    Threads may add files concurrently.

    Args:
        run_lines: files kept in memory (see vrdata.bounded.sorting).
    """

    def __init__(self, run_lines: int = RUN_LINES) -> None:
        self._lines = SortedLines(run_lines)

    def close(self) -> None:
        """See `Closing.close`."""
        self._lines.close()

    def add(self, sample_id: str, name: str, sha256: str) -> None:
        """Add one file of one sample; `sha256` is hex. Raises OSError when the disk is full."""
        self._lines.add(f"{sample_id}/{name} {sha256}\n".encode())

    def hexdigest(self) -> str:
        """The hash over everything added, as `sha256:…`."""
        digest = hashlib.sha256()
        for line in self._lines:
            digest.update(line)
        return f"sha256:{digest.hexdigest()}"


def dataset_hash(files: Iterable[tuple[str, str, str]]) -> str:
    """The hash of (sample id, file name, hex sha256) triples in any order."""
    with DatasetHasher() as hasher:
        for sample_id, name, sha256 in files:
            hasher.add(sample_id, name, sha256)
        return hasher.hexdigest()
