"""Read an archive in a store from its first to its last byte, with flat memory."""

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
"""Bytes of the largest file of a sample; a compressed archive cannot demand more memory."""


class DamagedArchiveError(VrdataError):
    """An archive cannot be read to its end."""


@dataclass(frozen=True, slots=True)
class Member:
    """One regular file of an archive.

    Attributes:
        name: its path inside the archive.
        offset: first byte of its content, in the uncompressed archive.
        body: its content.
    """

    name: str
    offset: int
    body: bytes


class Archive:
    """A tar or tar.gz object, read once from start to end.

    Args:
        store: where it lies.
        key: its key; a `.gz` at its end tells the format.
        size: how many bytes it should have.
    """

    def __init__(self, store: ObjectStore, key: str, size: int) -> None:
        self._key = key
        self._stream = _HashingReader(read_chunks(store, key, size))

    def members(self) -> Iterator[Member]:
        """Every file in turn; memory holds one of them and 8 MiB.

        Raises:
            DamagedArchiveError: it is cut, not an archive, or holds a link, a device or a file
                of more than MAX_FILE bytes.
            ObjectNotFoundError, DigestMismatchError, StorageError: as the store.
        """
        mode = "r|gz" if self._key.endswith(".gz") else "r|"
        try:
            with tarfile.open(fileobj=self._stream, mode=mode) as tar:  # type: ignore[call-overload]
                for info in tar:
                    yield Member(info.name, info.offset_data, self._body(tar, info))
                    tar.members = []  # the module keeps every header it has seen
        except (tarfile.TarError, EOFError, UnicodeError) as error:
            raise DamagedArchiveError(f"{self._key} is damaged", why=str(error)) from None

    def sha256(self) -> str:
        """Hex digest of all the object's bytes; reads those that `members` left. Raises so too."""
        return self._stream.finish()

    def _body(self, tar: tarfile.TarFile, info: tarfile.TarInfo) -> bytes:
        if not info.isreg() or info.size > MAX_FILE:
            why = f"{info.name!r} is not a regular file of at most {MAX_FILE} bytes"
            raise DamagedArchiveError(f"{self._key} is damaged", why=why)
        content: IO[bytes] | None = tar.extractfile(info)
        body = content.read() if content else b""
        if len(body) != info.size:
            raise DamagedArchiveError(f"{self._key} is damaged", why=f"{info.name!r} is cut")
        return body


class _HashingReader(io.RawIOBase):
    """A stream over pieces that hashes what passes."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._digest = hashlib.sha256()
        self._piece = memoryview(b"")

    def readable(self) -> bool:
        """True."""
        return True

    def read(self, size: int = -1) -> bytes:
        """The next bytes, at most `size`; none at the end."""
        if not self._piece:
            self._piece = memoryview(self._next())
        part = self._piece[: size if size >= 0 else CHUNK]
        self._piece = self._piece[len(part) :]
        return bytes(part)

    def finish(self) -> str:
        """Read to the end; the hex digest of everything."""
        while self._next():
            pass
        return self._digest.hexdigest()

    def _next(self) -> bytes:
        piece = next(self._pieces, b"")
        self._digest.update(piece)
        return piece
