"""What every target can do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

from vrdata.errors import OutputConflictError
from vrdata.transfer.result import Copied, printable

Entry = tuple[str, bytes | Path]
"""Path in the export, and the bytes or a local file that has them."""


class Target(Protocol):
    """Where an export is written. Existing files with equal bytes are skipped."""

    @property
    def url(self) -> str:
        """The place, as a user would write it, without credentials."""

    def write(self, entries: Iterable[Entry], last: Iterable[Entry]) -> Iterator[Copied]:
        """Write files, each complete or not at all.

        Args:
            entries: taken only as needed; each path once.
            last: files that may exist only if all entries do; taken after them.

        Raises:
            OutputConflictError: something exists with other bytes; it is as before.
            InvalidInputError: a path is not a valid name for a file.
            StorageError: the target cannot be used; the same export continues.
        """
        ...


def require_equal(url: str, copied: Copied) -> Copied:
    """The result of a file that was written, or exists with equal bytes.

    Raises:
        OutputConflictError: it exists with other bytes.
    """
    if copied.outcome == "failed":
        raise OutputConflictError(
            f"{printable(copied.key)} in {url} has other bytes",
            why="nothing is overwritten",
            fix="export to another place, or remove what is there",
        )
    return copied
