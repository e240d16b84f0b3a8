"""Write the report's files; those of an older report are replaced or removed.

A report is derived from the dataset, so unlike data it may be replaced.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Mapping
from pathlib import Path

from vrdata.store.port import ObjectNotFoundError, ObjectStore

PAGE = "index.html"
MEDIA = "media/"
CARDS = "cards.js"
STATIC = ("icon.svg", "report.css", "report.js")
MARK = b'<meta name="generator" content="vrdata report">'
END = b"</html>"
_FILES = re.compile(rb'<meta name="vrdata-files" content="([0-9a-f]{64})">')
MARK_WITHIN = 1024
"""Bytes at the start of the page that hold both marks."""


class Publisher:
    """Writes files below the report's folder; threads may share one.

    Args:
        store: the report's own part of a store.
    """

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._written: dict[str, int] = {}
        self._lock = threading.Lock()

    def put(self, key: str, body: bytes) -> None:
        """Write one file; another one of that name is replaced.

        Raises:
            StorageError, StoreAccessError: the store cannot be used.
        """
        with self._lock:
            self._written[key] = len(body)
        digest = hashlib.sha256(body).hexdigest()
        if self._store.put_new(key, body, sha256=digest):
            return
        if not self._is_stored(key, body, digest):
            self._store.delete(key)
            self._store.put_new(key, body, sha256=digest)

    def remove_others(self) -> None:
        """Remove the previews of an older report. Raises as `put`."""
        for info in list(self._store.list_after(MEDIA)):
            if info.key not in self._written:
                self._store.delete(info.key)

    def digest(self) -> str:
        """Digest of the names and sizes of the written files, for the page; see `is_whole`."""
        return _digest(self._written)

    def _is_stored(self, key: str, body: bytes, digest: str) -> bool:
        existing = self._store.head(key)
        if existing is None or existing.sha256 is not None:
            return existing is not None and existing.sha256 == digest
        return existing.size == len(body) and self._store.get(key) == body


def is_whole(store: ObjectStore) -> bool:
    """Whether a report has its page and all files of that page, in their sizes.

    One listing and one read. Files that the user added are ignored outside of MEDIA.

    Args:
        store: the report's own part of a store.

    Raises:
        StorageError, StoreAccessError: the store cannot be used.
    """
    try:
        page = store.get(PAGE)
    except ObjectNotFoundError:
        return False
    expected = _FILES.search(page[:MARK_WITHIN])
    if expected is None or not page.rstrip().endswith(END):
        return False
    sizes = {info.key: info.size for info in store.list_after("")}
    return expected.group(1).decode() == _digest(sizes)


def is_report(page: Path) -> bool:
    """Whether a file is the page of a report, so that its folder may be written to.

    Raises:
        OSError: it cannot be read.
    """
    if not page.is_file():
        return False
    with page.open("rb") as file:
        return MARK in file.read(MARK_WITHIN)


def _digest(sizes: Mapping[str, int]) -> str:
    """Digest of the report's own files, except its page, which contains this digest."""
    own = sorted(key for key in sizes if key in (CARDS, *STATIC) or key.startswith(MEDIA))
    lines = (f"{key} {sizes[key]}\n" for key in own)
    return hashlib.sha256("".join(lines).encode()).hexdigest()
