"""Read a stored archive from its first to its last byte, with flat memory."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from vrdata.errors import VrdataError
from vrdata.store.port import ObjectStore
from vrdata.store.streaming import CHUNK, read_chunks

MAX_FILE = 512 * 2**20
"""Bytes of the largest file of a sample; bounds the memory that a compressed archive can take."""


class DamagedArchiveError(VrdataError):
    """An archive cannot be read to its end."""


@dataclass(frozen=True, slots=True)
class Member:
    """One regular file of an archive.

    Attributes:
        name: its path inside the archive.
        offset: first byte of its content in the object; None in a compressed archive.
        body: its content.
    """

    name: str
    offset: int | None
    body: bytes


class Archive:
    """A tar or tar.gz object, read once from start to end.

    Args:
        store: the store that holds it.
        key: its key; with `.gz` at its end it is read as compressed.
        size: its expected size in bytes.
    """

    def __init__(self, store: ObjectStore, key: str, size: int) -> None:
        self._key = key
        self._stream = _HashingReader(read_chunks(store, key, size))

    def members(self) -> Iterator[Member]:
        """Each file in turn; memory holds one of them and 8 MiB.

        Raises:
            DamagedArchiveError: it is truncated, not an archive, or holds a link, a device
                or a file of more than MAX_FILE bytes.
            ObjectNotFoundError, DigestMismatchError, StorageError: as the store.
        """
        compressed = self._key.endswith(".gz")
        mode = "r|gz" if compressed else "r|"
        try:
            with tarfile.open(fileobj=self._stream, mode=mode) as tar:  # type: ignore[call-overload]
                for info in tar:
                    offset = None if compressed else info.offset_data
                    yield Member(info.name, offset, self._body(tar, info))
                    tar.members = []  # the module keeps every header it has seen
        except (tarfile.TarError, EOFError, UnicodeError) as error:
            raise DamagedArchiveError(f"{self._key} is damaged", why=str(error)) from None

    def sha256(self) -> str:
        """Hex digest of the whole object; reads to its end. Raises as `members`."""
        return self._stream.finish()

    def _body(self, tar: tarfile.TarFile, info: tarfile.TarInfo) -> bytes:
        if not info.isreg() or info.size > MAX_FILE:
            why = f"{info.name!r} is not a regular file of at most {MAX_FILE} bytes"
            raise DamagedArchiveError(f"{self._key} is damaged", why=why)
        content: IO[bytes] | None = tar.extractfile(info)
        body = content.read() if content else b""
        if len(body) != info.size:
            raise DamagedArchiveError(f"{self._key} is damaged", why=f"{info.name!r} is truncated")
        return body


class _HashingReader(io.RawIOBase):
    """A stream over chunks that hashes the bytes it returns."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._digest = hashlib.sha256()
        self._chunk = memoryview(b"")

    def readable(self) -> bool:
        """True."""
        return True

    def read(self, size: int = -1) -> bytes:
        """The next bytes, at most `size`; empty at the end."""
        if not self._chunk:
            self._chunk = memoryview(self._next())
        part = self._chunk[: size if size >= 0 else CHUNK]
        self._chunk = self._chunk[len(part) :]
        return bytes(part)

    def finish(self) -> str:
        """Read to the end; the hex digest of everything."""
        while self._next():
            pass
        return self._digest.hexdigest()

    def _next(self) -> bytes:
        chunk = next(self._chunks, b"")
        self._digest.update(chunk)
        return chunk
