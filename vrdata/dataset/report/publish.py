"""Write the report's files; those of an older report are replaced or removed.

A report is made from the dataset and can be made again, so unlike data it may be replaced.
"""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path

from vrdata.store.port import ObjectStore

PAGE = "index.html"
MEDIA = "media/"
MARK = b'<meta name="generator" content="vrdata report">'
MARK_WITHIN = 1024


class Publisher:
    """Writes files below the report's folder; threads may share one.

    Args:
        store: the report's own part of a store.
    """

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._written: set[str] = set()
        self._lock = threading.Lock()

    def put(self, key: str, body: bytes) -> None:
        """Write one file, replacing another one of that name.

        Raises:
            StorageError, StoreAccessError: the store cannot be used.
        """
        with self._lock:
            self._written.add(key)
        digest = hashlib.sha256(body).hexdigest()
        if self._store.put_new(key, body, sha256=digest):
            return
        if not self._stands(key, body, digest):
            self._store.delete(key)
            self._store.put_new(key, body, sha256=digest)

    def remove_others(self) -> None:
        """Remove previews that an older report left. Raises as `put`."""
        for info in list(self._store.list_after(MEDIA)):
            if info.key not in self._written:
                self._store.delete(info.key)

    def _stands(self, key: str, body: bytes, digest: str) -> bool:
        standing = self._store.head(key)
        if standing is None or standing.sha256 is not None:
            return standing is not None and standing.sha256 == digest
        return standing.size == len(body) and self._store.get(key) == body


def is_report(page: Path) -> bool:
    """Whether a file is the page of a report, so that its folder may be written to.

    Raises:
        OSError: it cannot be read.
    """
    if not page.is_file():
        return False
    with page.open("rb") as file:
        return MARK in file.read(MARK_WITHIN)
