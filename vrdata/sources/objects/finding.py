"""Find a file by its name: one that a row of a table names."""

from __future__ import annotations

import stat
from itertools import islice
from pathlib import Path

from vrdata.sources.objects.listing import Listed
from vrdata.sources.port import PartFile
from vrdata.store.port import ObjectInfo, ObjectStore

_PAGE = 1000  # objects of one request


def find_in_folder(root: Path, name: str) -> PartFile | None:
    """A regular file below a folder, without links; None = there is none.

    Args:
        root: the folder.
        name: a valid key.
    """
    path = root
    for part in name.split("/"):
        path /= part
        try:
            facts = path.lstat()
        except OSError:
            return None
        if stat.S_ISLNK(facts.st_mode):
            return None
    return PartFile(name, facts.st_size) if stat.S_ISREG(facts.st_mode) else None


class BucketFinder:
    """Finds objects; those that follow each other by name need one request for each thousand.

    Args:
        store: the bucket, below a prefix.
    """

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._names: dict[str, Listed] = {}
        self._start, self._stop = "", ""  # names of the objects that are known: all between these

    def find(self, name: str) -> PartFile | None:
        """An object; None = there is none.

        Raises:
            StorageError, StoreAccessError: the store cannot be used.
        """
        if not self._start < name <= self._stop:
            self._start = name[:-1]
            page = list(islice(self._store.list_after("", self._start), _PAGE))
            self._names = {one.key: _listed(one) for one in page}
            self._stop = page[-1].key if len(page) == _PAGE else max(name, *self._names)
        found = self._names.get(name) if name <= self._stop else self._head(name)
        return None if found is None else PartFile(*found)

    def _head(self, name: str) -> Listed | None:
        """An object that a page of others precedes."""
        found = self._store.head(name)
        return None if found is None else _listed(found)


def _listed(found: ObjectInfo) -> Listed:
    return Listed(found.key, found.size, f"etag:{found.etag}" if found.etag else "")
