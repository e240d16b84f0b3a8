"""An export as a tree of files in a folder or a bucket."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from vrdata.bounded.parallel import in_parallel
from vrdata.export.targets.base import Entry, require_equal
from vrdata.store.port import ObjectInfo, ObjectStore
from vrdata.store.streaming import sha256_file
from vrdata.transfer.copy import put_or_compare
from vrdata.transfer.result import Copied

JOBS = 8
"""Files written concurrently; a few more for each wait in memory."""


class StoreTarget:
    """Each file is an object, with two requests.

    Args:
        store: the folder or bucket.
    """

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    @property
    def url(self) -> str:
        """See Target."""
        return self._store.url

    def write(self, entries: Iterable[Entry], last: Iterable[Entry]) -> Iterator[Copied]:
        """See Target."""
        yield from in_parallel(entries, self._put, JOBS)
        yield from in_parallel(last, self._put, JOBS)

    def _put(self, entry: Entry) -> Copied:
        key, body = entry
        if isinstance(body, Path):
            source = ObjectInfo(key, body.stat().st_size, sha256_file(body))
        else:
            source = ObjectInfo(key, len(body), hashlib.sha256(body).hexdigest())
        return require_equal(self.url, put_or_compare(self._store, source, body))
