"""Append samples' files to a local archive, and compare each with what the child reported."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from vrdata.dataset.formats.base import SourceFile
from vrdata.dataset.formats.untrusted import changed, read_exactly
from vrdata.dataset.formats.ustar import TarWriter
from vrdata.dataset.manifest import FileRecord


class HashingFile:
    """A new local file; hashes and counts the bytes written to it."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self._digest = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> int:
        """Write all of `data`."""
        self._digest.update(data)
        self.size += len(data)
        return self._file.write(data)

    def flush(self) -> None:
        """Flush the file."""
        self._file.flush()

    def close(self) -> str:
        """Close the file; the hex digest of its bytes."""
        self._file.close()
        return self._digest.hexdigest()


def append(tar: TarWriter, name: str, file: SourceFile) -> FileRecord:
    """Append a file under a member name. Raises FileChangedError, InvalidInputError."""
    offset, digest = tar.add(name, read_exactly(file.path, file.size), file.size)
    _require_reported(file, digest)
    return FileRecord(name=file.name, size=file.size, sha256=digest, offset=offset)


def checked(path: Path, file: SourceFile) -> FileRecord:
    """The record of a file that is now at `path`. Raises FileChangedError."""
    _require_reported(file, _digest(read_exactly(path, file.size)))
    return FileRecord(name=file.name, size=file.size, sha256=file.sha256)


def by_name(files: Sequence[SourceFile]) -> list[SourceFile]:
    """The files in the order in which every format stores them."""
    return sorted(files, key=lambda file: file.name)


def _digest(chunks: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
    return digest.hexdigest()


def _require_reported(file: SourceFile, digest: str) -> None:
    if digest != file.sha256:
        raise changed(file.name, f"sha256 {digest[:12]}…, reported as {file.sha256[:12]}…")
