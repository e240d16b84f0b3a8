"""An export as one tar archive: equal exports give equal bytes."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from vrdata.dataset.formats.targz import open_gzip
from vrdata.dataset.formats.ustar import BLOCK, header
from vrdata.errors import UsageError
from vrdata.export.targets.base import Entry, require_equal
from vrdata.store.file.store import FileStore
from vrdata.store.keys import check_key
from vrdata.store.port import ObjectInfo, ObjectStore
from vrdata.store.streaming import file_chunks
from vrdata.text import human_bytes
from vrdata.transfer.copy import compare_stored, put_or_compare
from vrdata.transfer.result import Copied

ENDINGS = (".tar", ".tar.gz", ".tgz")
MAX_BYTES = 5 * 1024**3
"""S3's limit of one write."""


class ArchiveTarget:
    """The archive appears complete or not at all; memory holds one file of a sample.

    Owner and time of the members are 0, and their order is that of the entries. For a bucket, it
    is written to a temporary file of this machine first.

    Args:
        store: the folder or prefix that the archive is in.
        name: its file name; compressed with `gz` at its end.
    """

    def __init__(self, store: ObjectStore, name: str) -> None:
        self._store, self._name = store, name

    @property
    def url(self) -> str:
        """See Target."""
        return f"{self._store.url.rstrip('/')}/{self._name}"

    def write(self, entries: Iterable[Entry], last: Iterable[Entry]) -> Iterator[Copied]:
        """See Target; the result is that of the archive."""
        counted = _Counted(
            _archive(chain(entries, last), compressed=self._name.lower().endswith("gz"))
        )
        if self._store.head(self._name) is not None:
            yield self._compared(counted)
        elif isinstance(self._store, FileStore):
            if self._store.put_chunks(self._name, counted):
                yield Copied(self._name, "transferred", counted.size)
            else:  # another process has just written it
                yield self._compared(counted)
        else:
            yield self._uploaded(counted)

    def _compared(self, counted: _Counted) -> Copied:
        for _ in counted:
            pass
        found = compare_stored(self._store, counted.info(self._name), self._store.head(self._name))
        return require_equal(self._store.url, found)

    def _uploaded(self, counted: _Counted) -> Copied:
        with tempfile.TemporaryDirectory(prefix="vrdata-export-") as folder:
            path = Path(folder, "archive")
            with path.open("wb") as file:
                for chunk in counted:
                    if counted.size > MAX_BYTES:
                        raise self._too_large()
                    file.write(chunk)
            copied = put_or_compare(self._store, counted.info(self._name), path)
            return require_equal(self._store.url, copied)

    def _too_large(self) -> UsageError:
        prefix = self.url.lower().rfind(".t")
        return UsageError(
            f"the archive has more than {human_bytes(MAX_BYTES)}",
            why="S3 does not accept more in one write",
            fix=f"export to a prefix: {self.url[:prefix]}/",
        )


class _Counted:
    """Chunks, with the size and the digest of those that were taken."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._digest = hashlib.sha256()
        self.size = 0

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self._digest.update(chunk)
            self.size += len(chunk)
            yield chunk

    def info(self, key: str) -> ObjectInfo:
        return ObjectInfo(key, self.size, self._digest.hexdigest())


class _Buffer:
    """What was written since it was taken last."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing: it is in memory."""

    def take(self) -> bytes:
        taken = b"".join(self._parts)
        self._parts.clear()
        return taken


def _archive(entries: Iterable[Entry], *, compressed: bool) -> Iterator[bytes]:
    buffer = _Buffer()
    compressor = open_gzip(buffer) if compressed else None
    stream = compressor or buffer
    for path, body in entries:
        size = body.stat().st_size if isinstance(body, Path) else len(body)
        stream.write(header(check_key(path), size))
        for chunk in file_chunks(body) if isinstance(body, Path) else [body]:
            stream.write(chunk)
            yield buffer.take()
        stream.write(bytes(-size % BLOCK))
    stream.write(bytes(2 * BLOCK))
    if compressor:
        compressor.close()
    yield buffer.take()
