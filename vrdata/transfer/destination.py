"""Count the files at the destination of a copy, as `aws s3 ls --recursive | wc -l` does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from vrdata.store.port import ObjectStore, StoreAccessError
from vrdata.transfer.result import TransferResult

EXTRA_FILES = 100_000
"""Files that are counted beyond those of the copy: a listing has 1000 in each request."""


@dataclass(frozen=True, slots=True)
class Destination:
    """What a destination contains.

    Attributes:
        url: of the folder or prefix.
        files: their number, at least this if not `complete`.
        bytes: their size.
        complete: False if there are many more files than the copy has.
    """

    url: str
    files: int
    bytes: int
    complete: bool = True

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        facts = {"url": self.url, "files": self.files, "bytes": self.bytes}
        return facts | {"complete": self.complete}


def count_destination(store: ObjectStore, result: TransferResult) -> Destination | None:
    """List the destination; None if the credentials do not allow that.

    Args:
        store: the destination.
        result: of the copy; the listing ends soon after as many files.

    Raises:
        StorageError: the store cannot be used.
    """
    files = size = 0
    try:
        for info in store.list_after(""):
            if files >= result.files + EXTRA_FILES:
                return Destination(store.url, files, size, complete=False)
            if info.size or info.key[-1:] != "/":  # other tools mark folders in this way
                files += 1
                size += info.size
    except StoreAccessError:
        return None
    return Destination(store.url, files, size)
