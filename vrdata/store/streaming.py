"""Read large objects and files in chunks, with flat memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from vrdata.store.port import DigestMismatchError, ObjectStore

CHUNK = 8 * 1024 * 1024
"""Bytes per request, and the most in memory; small objects need one request."""

FILE_CHUNK = 1024 * 1024


def read_chunks(store: ObjectStore, key: str, size: int, chunk: int = CHUNK) -> Iterator[bytes]:
    """An object's bytes in chunks, one request each.

    Args:
        store: the store that holds the object.
        key: its key.
        size: its size in bytes, from a listing, a head request or a manifest.
        chunk: bytes per chunk.

    Raises:
        ObjectNotFoundError: the object does not exist.
        DigestMismatchError: the object has fewer bytes than `size`.
        StorageError: the store cannot be used.
    """
    for start in range(0, size, chunk):
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
