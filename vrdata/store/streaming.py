"""Read large objects and files piece by piece, with flat memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from vrdata.store.port import DigestMismatchError, ObjectStore

CHUNK = 8 * 1024 * 1024
"""Bytes per request: one request for a small object, no more than this in memory."""

FILE_CHUNK = 1024 * 1024


def read_chunks(store: ObjectStore, key: str, size: int, chunk: int = CHUNK) -> Iterator[bytes]:
    """An object's bytes in pieces of `chunk` bytes, one request each.

    Args:
        store: where the object lies.
        key: its key.
        size: its size in bytes, from a listing, a head request or a manifest.
        chunk: bytes per piece.

    Raises:
        ObjectNotFoundError: no such object.
        DigestMismatchError: the object has fewer bytes than `size`.
        StorageError: the store cannot be used.
    """
    for start in range(0, size, chunk):
        wanted = min(chunk, size - start)
        piece = store.get_range(key, start, wanted)
        if len(piece) != wanted:
            raise DigestMismatchError(
                f"{key} in {store.url} does not have the {size} bytes it should have",
                why=f"{wanted} bytes from byte {start} were asked for, {len(piece)} came",
                fix="the object was cut or changed after it was written: make or copy it again",
            )
        yield piece


def sha256_object(store: ObjectStore, key: str, size: int) -> str:
    """Hex sha256 of an object's first `size` bytes in the store. Raises as `read_chunks`."""
    digest = hashlib.sha256()
    for piece in read_chunks(store, key, size):
        digest.update(piece)
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
