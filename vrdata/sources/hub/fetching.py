"""Bytes of a dataset's files: from the cache, otherwise from the Hub, across ended connections."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from vrdata.sources.hub.cache import CachedDataset, local_copy, read_copy
from vrdata.sources.hub.requests.client import NoAnswerError
from vrdata.sources.hub.requests.dataset import HubDataset
from vrdata.sources.hub.requests.remote import Shared, is_shared
from vrdata.sources.port import PartFile
from vrdata.sources.staged import changed

CONTINUE_BYTES = 1 << 16  # a connection that ends after fewer is not continued
_GIT = "git:"


class Fetcher:
    """Fetches files of a dataset. Threads may share one.

    Args:
        dataset: has them.
    """

    def __init__(self, dataset: HubDataset | CachedDataset) -> None:
        self._dataset = dataset
        self._shared = Shared()

    def fetch(self, commit: str, file: PartFile, start: int, stop: int) -> Iterator[bytes]:
        """The bytes `[start, stop)` of a file, in chunks. Raises as `HubDataset.read`."""
        chunks = self._chunks(commit, file, start, stop)
        whole = (start, stop) == (0, file.size)
        return _checked(file, chunks) if whole and file.digest.startswith(_GIT) else chunks

    def fetch_once(self, commit: str, file: PartFile, start: int, stop: int) -> Iterator[bytes]:
        """As `fetch`; small ranges that several parts need are kept."""
        if not is_shared(file, start, stop):
            yield from self.fetch(commit, file, start, stop)
            return
        data = self._shared.get(file, start, stop)
        if data is None:
            data = b"".join(self.fetch(commit, file, start, stop))
            self._shared.keep(file, start, data)
        yield data

    def _chunks(self, commit: str, file: PartFile, start: int, stop: int) -> Iterator[bytes]:
        copy = local_copy(self._dataset.name, commit, file)
        if copy is not None:
            yield from read_copy(copy, start, stop)
            return
        while start < stop:
            before = start
            try:
                for chunk in self._dataset.read(commit, file, start, stop):
                    yield chunk
                    start += len(chunk)
            except NoAnswerError:
                if start - before < CONTINUE_BYTES:
                    raise


def _checked(file: PartFile, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The bytes of a whole file, compared with the git id that it was pinned by."""
    digest = hashlib.sha1(b"blob %d\0" % file.size, usedforsecurity=False)
    for chunk in chunks:
        digest.update(chunk)
        yield chunk
    if _GIT + digest.hexdigest() != file.digest:
        raise changed(file, "its git id is different")
