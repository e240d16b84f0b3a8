"""A folder as an object store: create-only, atomic and durable writes.

A write goes to an unfinished file, is synced, and gets its final name by `link`, which the
operating system refuses when the name is taken. So a reader sees a whole object or none, and
exactly one of several writers succeeds, even on different machines over NFS.
"""

from __future__ import annotations

import hashlib
import io
import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

from vrdata.store.file.errors import explained
from vrdata.store.file.listing import walk
from vrdata.store.file.paths import create_folders, is_real, is_taken, sync_folders
from vrdata.store.file.unfinished import Unfinished, remove_leftovers
from vrdata.store.keys import check_key
from vrdata.store.port import (
    DigestMismatchError,
    KeyConflictError,
    NewObject,
    ObjectInfo,
    ObjectNotFoundError,
    StorageError,
)
from vrdata.store.streaming import file_chunks

_ADVISE = getattr(os, "posix_fadvise", None)  # None on macOS


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
        return self.put_chunks(key, _chunks(body), sha256=sha256)

    def put_together(self, objects: Sequence[NewObject]) -> list[bool]:
        """Create files; see `JoinedWrites.put_together`.

        None gets its name before all are synced, and each folder is synced once.
        """
        with ExitStack() as stack:
            begun = [self._begun_of(stack, one) for one in objects]
            with explained("write files", self._root):
                for _, unfinished in begun:
                    if unfinished is not None:
                        os.fsync(unfinished.stream.fileno())
                created, changed = [], set[Path]()
                for final, unfinished in begun:
                    if unfinished is not None:
                        changed |= {final.parent, *create_folders(final.parent)}
                    created.append(unfinished is not None and _link_new(unfinished, final))
                sync_folders(changed)
        return created

    def _begun_of(self, stack: ExitStack, one: NewObject) -> tuple[Path, Unfinished | None]:
        """The path of a file, and its content without a name; None if the name is taken."""
        final = self._path(one.key)
        with explained(f"write {one.key}", self._root):
            if is_taken(final):
                return final, None
            unfinished = stack.enter_context(self._begin())
            self._write(unfinished.stream, one.key, _chunks(one.body), one.sha256)
            _start_writing(unfinished.stream.fileno())
            return final, unfinished

    def put_chunks(self, key: str, chunks: Iterable[bytes], *, sha256: str = "") -> bool:
        """Create a file from chunks, with flat memory; otherwise like `put_new`.

        Args:
            key: key below the root.
            chunks: the bytes; if they raise, nothing is written.
            sha256: hex digest of all bytes; "" if it is unknown, then it is not checked.
        """
        final = self._path(key)
        with explained(f"write {key}", self._root):
            if is_taken(final):
                return False
            with self._begin() as unfinished:
                self._write(unfinished.stream, key, chunks, sha256)
                os.fsync(unfinished.stream.fileno())
                sync_folders(create_folders(final.parent))
                created = _link_new(unfinished, final)
                if created:
                    sync_folders((final.parent,))
                return created

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
            sync_folders((path.parent,))

    def _path(self, key: str) -> Path:
        path = self._root / check_key(key)
        # A link could point outside the root: the parent's real path must be its own path.
        if not is_real(path.parent):
            raise KeyConflictError(
                f"{key} is behind a symbolic link in {self._root}",
                why="a store does not follow links, which could point outside it",
                fix="replace the link with the folder that it points to",
            )
        return path

    def _open(self, key: str) -> io.BufferedReader:
        path = self._path(key)
        with suppress(FileNotFoundError, NotADirectoryError):
            if stat.S_ISREG(path.lstat().st_mode):
                return path.open("rb")
        self._refuse_file_as_root()
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
        sync_folders(create_folders(self._root))

    def _begin(self) -> Unfinished:
        """A new unfinished file; the first one creates the root."""
        try:
            return Unfinished(self._root)
        except (FileNotFoundError, NotADirectoryError):
            self._create_root()
            return Unfinished(self._root)

    def _write(
        self, stream: io.BufferedWriter, key: str, chunks: Iterable[bytes], sha256: str
    ) -> None:
        if not self._leftovers_removed:
            self._leftovers_removed = True
            remove_leftovers(self._root, os.fstat(stream.fileno()).st_mtime)
        digest = hashlib.sha256()
        for chunk in chunks:
            digest.update(chunk)
            stream.write(chunk)
        _require_digest(key, expected=sha256, found=digest.hexdigest())
        stream.flush()


def _chunks(body: bytes | Path) -> Iterable[bytes]:
    return [body] if isinstance(body, bytes) else file_chunks(body)


def _require_digest(key: str, *, expected: str, found: str) -> None:
    if expected and found != expected:
        raise DigestMismatchError(
            f"{key} was not written: its bytes do not have the expected sha256",
            why=f"expected {expected}, found {found}",
        )


def _link_new(unfinished: Unfinished, final: Path) -> bool:
    try:
        unfinished.link(final)
    except FileExistsError:
        is_taken(final)  # explains a folder with that name
        return False
    return True


def _start_writing(number: int) -> None:
    """Let the system begin to write a file: then one sync commits several files to the disk."""
    if _ADVISE is not None:
        with suppress(OSError):  # it is only advice
            _ADVISE(number, 0, 0, os.POSIX_FADV_DONTNEED)  # drops only what is on the disk already
