"""Read large objects and files in chunks, with flat memory."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path

from vrdata.store.port import DigestMismatchError, ObjectStore

CHUNK = 8 * 1024 * 1024
"""Bytes per request, and the most in memory; small objects need one request."""

FILE_CHUNK = 1024 * 1024


def read_chunks(
    store: ObjectStore, key: str, size: int, chunk: int = CHUNK, first: int = 0
) -> Iterator[bytes]:
    """An object's bytes in chunks, one request each.

    Args:
        store: the store that holds the object.
        key: its key.
        size: its size in bytes, from a listing, a head request or a manifest.
        chunk: bytes per chunk.
        first: the byte to begin with.

    Raises:
        ObjectNotFoundError: the object does not exist.
        DigestMismatchError: the object has fewer bytes than `size`.
        StorageError: the store cannot be used.
    """
    for start in range(first, size, chunk):
        wanted = min(chunk, size - start)
        body = store.get_range(key, start, wanted)
        if len(body) != wanted:
            raise DigestMismatchError(
                f"{key} in {store.url} has fewer than its expected {size} bytes",
                why=f"a request for {wanted} bytes from byte {start} returned {len(body)}",
                fix="the object was truncated or changed after it was written: restore it",
            )
        yield body


def sha256_object(store: ObjectStore, key: str, size: int) -> str:
    """Hex sha256 of a stored object's first `size` bytes. Raises as `read_chunks`."""
    digest = hashlib.sha256()
    for chunk in read_chunks(store, key, size):
        digest.update(chunk)
    return digest.hexdigest()


def sha256_file(path: Path) -> str:
    """Hex sha256 of a local file. Raises OSError."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def file_chunks(path: Path) -> Iterator[bytes]:
    """A local file's bytes, a MiB at a time. Raises OSError."""
    with path.open("rb") as stream:
        while chunk := stream.read(FILE_CHUNK):
            yield chunk


class StoredFile(io.RawIOBase):
    """A stored object as a file that is read by ranges, one request for each read.

    Attributes:
        store: the store that holds it.
        key: its key.
        size: its size in bytes.
    """

    def __init__(self, store: ObjectStore, key: str, size: int) -> None:
        super().__init__()
        self.store, self.key, self.size = store, key, size
        self._position = 0

    def readable(self) -> bool:
        """True."""
        return True

    def seekable(self) -> bool:
        """True."""
        return True

    def tell(self) -> int:
        """The position in bytes."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a position; see io.IOBase."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes, or all that follow."""
        rest = max(0, self.size - self._position)
        wanted = rest if size < 0 else min(size, rest)
        body = self.read_range(self._position, wanted) if wanted else b""
        self._position += len(body)
        return body

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
        """Read into a buffer; see io.RawIOBase."""
        body = self.read(len(buffer))
        buffer[: len(body)] = body
        return len(body)

    def read_range(self, start: int, size: int) -> bytes:
        """Bytes of the object, wherever the position is. Raises as `ObjectStore.get_range`."""
        return self.store.get_range(self.key, start, size)
