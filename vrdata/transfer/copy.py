"""Copy a store to a folder and a folder to a store: parallel, checked, resumable, create-only.

Nothing is ever overwritten. An existing object with equal bytes is skipped, so the same command
resumes an interrupted copy; an existing object with other bytes is a failure of that file.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from vrdata.bounded.parallel import in_parallel
from vrdata.errors import InvalidInputError, NotFoundError, UsageError
from vrdata.store.file.errors import explained
from vrdata.store.file.store import FileStore
from vrdata.store.keys import TEMPORARY, check_key
from vrdata.store.port import (
    DigestMismatchError,
    KeyConflictError,
    ObjectInfo,
    ObjectNotFoundError,
    ObjectStore,
)
from vrdata.store.streaming import read_chunks, sha256_file, sha256_object
from vrdata.transfer.result import Copied, TransferResult
from vrdata.transfer.selection import select

# Errors of one file; any other error ends the transfer.
_FILE_ERRORS = (InvalidInputError, DigestMismatchError, KeyConflictError, ObjectNotFoundError)


Report = Callable[[TransferResult], None]


def download(
    store: ObjectStore,
    folder: Path,
    *,
    generators: Iterable[str] = (),
    jobs: int = 8,
    report: Report = lambda _: None,
) -> TransferResult:
    """Copy a store's objects into a folder, each under its key.

    Sizes are always checked, digests where the writer recorded one. Memory: about 8 MiB per job.

    Args:
        store: the source.
        folder: the destination; created if missing, as are its parents.
        generators: only the objects of these generators; the store must then be a vrdata run.
        jobs: files copied concurrently.
        report: called with the result so far after each file.

    Raises:
        NotFoundError: the store is empty, or has no such generator.
        UsageError: generators are named and the store is not a run; source and folder overlap.
        StorageError: source or folder cannot be used; copied files stay.
    """
    _refuse_overlap(store, folder)
    target = FileStore(folder)
    # Other tools mark a folder by an empty object whose key ends with a slash.
    keys = (info.key for info in select(store, generators) if info.size or info.key[-1:] != "/")
    result = _transfer(keys, partial(_download_one, store, target), jobs, report)
    if not result.files:
        raise NotFoundError(
            f"{store.url} is empty or does not exist",
            fix="check the name; it must be a folder or prefix",
        )
    return result


def upload(
    folder: Path, store: ObjectStore, *, jobs: int = 8, report: Report = lambda _: None
) -> TransferResult:
    """Copy a folder's files into a store, each under its path below the folder.

    Each file's digest is stored with it, and a capable server checks it. Symbolic links and
    names that cannot be keys are failures. One or two requests per file.

    Args:
        folder: the source.
        store: the destination.
        jobs: files copied concurrently.
        report: called with the result so far after each file.

    Raises:
        NotFoundError: the folder does not exist or has no files.
        UsageError: source and destination overlap.
        StorageError: folder or store cannot be used; copied files stay.
    """
    if not folder.is_dir():
        kind = "is a file, not a folder" if folder.exists() else "does not exist"
        raise NotFoundError(f"{folder} {kind}", fix="name the folder to upload")
    _refuse_overlap(store, folder)
    result = _transfer(_files_below(folder), partial(_upload_one, folder, store), jobs, report)
    if not result.files:
        raise NotFoundError(f"the folder {folder} has no files")
    return result


def _download_one(store: ObjectStore, target: FileStore, key: str) -> Copied:
    existing = target.head(key)
    recorded = store.head(key)
    if recorded is None:
        raise ObjectNotFoundError(f"{key} was deleted from {store.url} during the download")
    if existing is None:
        chunks = read_chunks(store, key, recorded.size)
        if target.put_chunks(key, chunks, sha256=recorded.sha256 or ""):
            return Copied(key, "transferred", recorded.size)
        existing = target.head(key)
    if existing is not None:
        recorded = _with_digest(store, key, recorded, existing)
    return _compare(key, source=recorded, existing=existing)


def _upload_one(folder: Path, store: ObjectStore, key: str) -> Copied:
    path = folder / check_key(key)
    try:
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode):
            return Copied(key, "failed", why="it is a link or a special file, not a regular file")
        source = ObjectInfo(key, status.st_size, sha256_file(path))
    except OSError as error:
        return Copied(key, "failed", why=str(error))
    return put_or_compare(store, source, path)


def put_or_compare(store: ObjectStore, source: ObjectInfo, body: bytes | Path) -> Copied:
    """Write an object unless it exists; an existing one is compared, and never overwritten.

    Args:
        store: the destination.
        source: key, size and digest of the object.
        body: its bytes, or the path of a local file that holds them.

    Raises:
        InvalidInputError, KeyConflictError, StorageError: the object cannot be written.
    """
    # This request saves sending a body that the store already has, and prevents overwriting on a
    # server that ignores create-only writes.
    existing = store.head(source.key)
    if existing is None:
        if store.put_new(source.key, body, sha256=source.sha256 or ""):
            return Copied(source.key, "transferred", source.size)
        existing = store.head(source.key)
    return compare_stored(store, source, existing)


def compare_stored(store: ObjectStore, source: ObjectInfo, existing: ObjectInfo | None) -> Copied:
    """Compare an existing object of the destination with its source."""
    if existing is not None:
        existing = _with_digest(store, source.key, existing, source)
    return _compare(source.key, source=source, existing=existing)


def _with_digest(store: ObjectStore, key: str, stored: ObjectInfo, other: ObjectInfo) -> ObjectInfo:
    """The facts of a stored object with its digest; read it if nobody recorded one."""
    if stored.sha256 is not None or stored.size != other.size:
        return stored
    return replace(stored, sha256=sha256_object(store, key, stored.size))


def _compare(key: str, *, source: ObjectInfo, existing: ObjectInfo | None) -> Copied:
    """Skip an existing object that equals the source."""
    if existing and (existing.size, existing.sha256) == (source.size, source.sha256):
        return Copied(key, "skipped", source.size)
    return Copied(key, "failed", why="the destination has other bytes; nothing is overwritten")


def _transfer(
    keys: Iterable[str], copy: Callable[[str], Copied], jobs: int, report: Report
) -> TransferResult:
    result = TransferResult()
    for copied in in_parallel(keys, partial(_failed_or, copy), jobs):
        result = result.plus(copied)
        report(result)
    return result


def _failed_or(copy: Callable[[str], Copied], key: str) -> Copied:
    try:
        return copy(key)
    except _FILE_ERRORS as error:
        return Copied(key, "failed", why=": ".join(filter(None, (error.what, error.why))))


def _files_below(folder: Path) -> Iterator[str]:
    """Paths of everything below the folder except folders, in a fixed order."""
    with explained("read the folder", folder):
        for parent, folders, files in os.walk(folder, onerror=_raise):
            folders[:] = sorted(name for name in folders if name != TEMPORARY)
            links = [name for name in folders if Path(parent, name).is_symlink()]
            for name in sorted([*files, *links]):
                yield Path(parent, name).relative_to(folder).as_posix()


def _raise(error: OSError) -> None:
    raise error


def _refuse_overlap(store: ObjectStore, folder: Path) -> None:
    """Refuse to copy a folder into itself: that would never end."""
    here, there = os.path.realpath(folder), store.url.rstrip("/")
    if there.startswith("/") and os.path.commonpath([here, there]) in {here, there}:
        raise UsageError(
            "source and destination are one folder, or one is inside the other",
            fix="name another destination",
        )
