"""A folder as an object store: create-only, atomic and durable writes.

A write goes to a file in the hidden folder `.vrdata-tmp`, is synced, and gets its final name by
`link`, which the operating system refuses when the name is taken. So a reader sees a whole object
or none, and exactly one of several writers succeeds, even on different machines over NFS.
"""

from __future__ import annotations

import errno
import hashlib
import io
import os
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from vrdata.store.file.errors import explained
from vrdata.store.file.listing import walk
from vrdata.store.keys import TEMPORARY, check_key
from vrdata.store.port import (
    DigestMismatchError,
    KeyConflictError,
    ObjectInfo,
    ObjectNotFoundError,
    StorageError,
)
from vrdata.store.streaming import file_chunks

LEFTOVER_SECONDS = 3600.0
"""An unfinished write that has not changed for this long belongs to a killed writer."""

FOLDER_ATTEMPTS = 1000
"""Attempts to create a file in a folder that other writers remove when it is empty."""


class FileStore:
    """Objects as files below a root folder; keys are paths.

    No digest is stored with a file: `head` reads the file and computes the sha256 of its present
    bytes. The first write creates the root and its missing parents. Symbolic links below the root
    are neither followed nor listed. Threads and processes may share a root.
    """

    def __init__(self, root: Path) -> None:
        self._root = Path(os.path.realpath(root))
        self._leftovers_removed = False

    @property
    def url(self) -> str:
        """The root folder's absolute path."""
        return str(self._root)

    @property
    def limits(self) -> Mapping[str, str]:
        """See `ObjectStore.limits`; a folder has none."""
        return {}

    def put_new(
        self,
        key: str,
        body: bytes | Path,
        *,
        sha256: str,
        content_type: str = "",  # noqa: ARG002 - a folder has no content types
    ) -> bool:
        """Create a file if its name is free; see `ObjectStore.put_new`."""
        chunks = [body] if isinstance(body, bytes) else file_chunks(body)
        return self.put_chunks(key, chunks, sha256=sha256)

    def put_chunks(self, key: str, chunks: Iterable[bytes], *, sha256: str = "") -> bool:
        """Create a file from chunks, with flat memory; otherwise like `put_new`.

        Args:
            key: key below the root.
            chunks: the bytes; if they raise, nothing is written.
            sha256: hex digest of all bytes; "" if it is unknown, then it is not checked.
        """
        final = self._path(key)
        with explained(f"write {key}", self._root):
            if _is_taken(final):
                return False
            self._create_root()
            temporary = self._write_temporary(key, chunks, sha256)
            try:
                self._create_folders(final.parent)
                return _link_new(temporary, final)
            finally:
                self._remove_temporary(temporary)

    def get(self, key: str) -> bytes:
        """The whole file; see `ObjectStore.get`."""
        with explained(f"read {key}", self._root), self._open(key) as stream:
            return stream.read()

    def get_range(self, key: str, start: int, length: int) -> bytes:
        """A part of the file; see `ObjectStore.get_range`."""
        if start < 0 or length < 0:
            raise ValueError(f"start {start} and length {length} must not be negative")
        with explained(f"read {key}", self._root), self._open(key) as stream:
            stream.seek(start)
            return stream.read(length)

    def head(self, key: str) -> ObjectInfo | None:
        """Size and sha256, from reading the whole file; see `ObjectStore.head`."""
        with explained(f"read {key}", self._root):
            try:
                with self._open(key) as stream:
                    digest = hashlib.file_digest(stream, "sha256").hexdigest()
                    modified = os.fstat(stream.fileno()).st_mtime
                    return ObjectInfo(key, stream.tell(), digest, modified)
            except ObjectNotFoundError:
                return None

    def list_after(self, prefix: str, after: str = "") -> Iterator[ObjectInfo]:
        """Files in the order of their keys' UTF-8 bytes, as S3 lists; see `ObjectStore`.

        Memory holds the names of one folder per level. Files that appear or disappear during the
        listing may be included or not. An invalid file name is a StorageError.
        """
        with explained("list files", self._root):
            self._refuse_file_as_root()
            yield from walk(self._root, prefix, after)

    def delete(self, key: str) -> None:
        """Delete a file if it exists; see `ObjectStore.delete`. Empty folders stay."""
        path = self._path(key)
        with explained(f"delete {key}", self._root):
            try:
                path.unlink()
            except (FileNotFoundError, NotADirectoryError):
                return
            _sync_folder(path.parent)

    def _path(self, key: str) -> Path:
        path = self._root / check_key(key)
        # A link could point outside the root: the parent's real path must be its own path.
        if os.path.realpath(path.parent) != str(path.parent):
            raise KeyConflictError(
                f"{key} is behind a symbolic link in {self._root}",
                why="a store does not follow links, which could point outside it",
                fix="replace the link with the folder that it points to",
            )
        return path

    def _open(self, key: str) -> io.BufferedReader:
        path = self._path(key)
        self._refuse_file_as_root()
        if path.is_file() and not path.is_symlink():
            try:
                return path.open("rb")
            except FileNotFoundError:  # deleted just now
                pass
        raise ObjectNotFoundError(f"no object {key} in {self._root}")

    def _refuse_file_as_root(self) -> None:
        if self._root.exists() and not self._root.is_dir():
            raise StorageError(f"{self._root} is a file, not a folder", fix="name a folder")

    def _create_root(self) -> None:
        self._refuse_file_as_root()
        existing = next(folder for folder in self._root.parents if folder.exists())
        if not existing.is_dir():
            raise StorageError(
                f"cannot create the folder {self._root}",
                why=f"{existing} is a file",
                fix="choose another folder",
            )
        self._create_folders(self._root)

    def _create_folders(self, folder: Path) -> None:
        """Create a folder and its missing parents, durably."""
        if folder.is_dir():
            return
        self._create_folders(folder.parent)
        folder.mkdir(exist_ok=True)
        _sync_folder(folder.parent)

    def _write_temporary(self, key: str, chunks: Iterable[bytes], sha256: str) -> Path:
        path = self._root / TEMPORARY / uuid.uuid4().hex
        try:
            with self._new_temporary(path) as stream:
                self._remove_leftovers(os.fstat(stream.fileno()).st_mtime)
                digest = hashlib.sha256()
                for chunk in chunks:
                    digest.update(chunk)
                    stream.write(chunk)
                _require_digest(key, expected=sha256, found=digest.hexdigest())
                stream.flush()
                os.fsync(stream.fileno())
        except BaseException:
            self._remove_temporary(path)
            raise
        return path

    def _new_temporary(self, path: Path) -> io.BufferedWriter:
        """A new file in the folder of unfinished writes, which another writer may just remove."""
        for _ in range(FOLDER_ATTEMPTS):
            with suppress(FileExistsError):
                path.parent.mkdir()
            with suppress(FileNotFoundError):
                return path.open("xb")
        return path.open("xb")

    def _remove_temporary(self, path: Path) -> None:
        """Remove a finished write, and its folder if there is no other write."""
        path.unlink(missing_ok=True)
        with suppress(OSError):
            path.parent.rmdir()

    def _remove_leftovers(self, now: float) -> None:
        """Delete the leftovers of killed writers, once; `now` is the disk's own clock."""
        if self._leftovers_removed:
            return
        self._leftovers_removed = True
        for path in (self._root / TEMPORARY).iterdir():
            try:
                if now - path.stat().st_mtime > LEFTOVER_SECONDS:
                    path.unlink()
            except FileNotFoundError:  # its writer or another process deleted it
                continue


def _require_digest(key: str, *, expected: str, found: str) -> None:
    if expected and found != expected:
        raise DigestMismatchError(
            f"{key} was not written: its bytes do not have the expected sha256",
            why=f"expected {expected}, found {found}",
        )


def _is_taken(path: Path) -> bool:
    if path.is_dir() and not path.is_symlink():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    return os.path.lexists(path)


def _link_new(temporary: Path, final: Path) -> bool:
    try:
        os.link(temporary, final, follow_symlinks=False)
    except FileExistsError:
        _is_taken(final)  # explains a folder with that name
        return False
    _sync_folder(final.parent)
    return True


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
