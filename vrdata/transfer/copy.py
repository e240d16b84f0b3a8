"""Copy a store to a folder and a folder to a store: parallel, checked, resumable, create-only.

Nothing that exists is overwritten. What is there with equal bytes is skipped, so the same command
goes on where it stopped; what is there with other bytes is a failure of that file.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
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
from vrdata.store.streaming import read_chunks, sha256_file
from vrdata.transfer.result import Copied, TransferResult
from vrdata.transfer.selection import select

# What concerns one file; any other error ends the transfer.
_OF_ONE_FILE = (InvalidInputError, DigestMismatchError, KeyConflictError, ObjectNotFoundError)


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
        folder: the destination; made when missing, its parent must exist.
        generators: only the objects of these generators; the store must then be a vrdata run.
        jobs: files at a time.
        report: is told the result so far after each file.

    Raises:
        NotFoundError: the store holds nothing, or not this generator.
        UsageError: generators of something that is not a run; source and folder overlap.
        StorageError: source or folder cannot be used; what was copied stays.
    """
    _refuse_overlap(store, folder)
    target = FileStore(folder)
    # Other tools mark a folder by an empty object whose key ends with a slash.
    keys = (info.key for info in select(store, generators) if info.size or info.key[-1:] != "/")
    try:
        result = _transfer(keys, partial(_download_one, store, target), jobs, report)
    finally:
        with suppress(OSError):  # other writers may be at work
            (folder / TEMPORARY).rmdir()
    if not result.files:
        raise NotFoundError(
            f"there is nothing in {store.url}", fix="check the name; it must be a folder or prefix"
        )
    return result


def upload(
    folder: Path, store: ObjectStore, *, jobs: int = 8, report: Report = lambda _: None
) -> TransferResult:
    """Copy a folder's files into a store, each under its path below the folder.

    Every file's digest is recorded with it and checked by a store that can. Symbolic links and
    names that cannot be keys are failures. One or two requests per file.

    Args:
        folder: the source.
        store: the destination.
        jobs: files at a time.
        report: is told the result so far after each file.

    Raises:
        NotFoundError: there is no such folder, or it holds no file.
        UsageError: source and destination overlap.
        StorageError: folder or store cannot be used; what was copied stays.
    """
    if not folder.is_dir():
        raise NotFoundError(f"there is no folder {folder}", fix="name the folder to upload")
    _refuse_overlap(store, folder)
    result = _transfer(_files_below(folder), partial(_upload_one, folder, store), jobs, report)
    if not result.files:
        raise NotFoundError(f"the folder {folder} holds no file")
    return result


def _download_one(store: ObjectStore, target: FileStore, key: str) -> Copied:
    there = target.head(key)
    recorded = store.head(key)
    if recorded is None:
        raise ObjectNotFoundError(f"{key} was deleted from {store.url} meanwhile")
    if there is None:
        chunks = read_chunks(store, key, recorded.size)
        if target.put_chunks(key, chunks, sha256=recorded.sha256 or ""):
            return Copied(key, "transferred", recorded.size)
        there = target.head(key)
    return _compare(key, ours=recorded, there=there)


def _upload_one(folder: Path, store: ObjectStore, key: str) -> Copied:
    path = folder / check_key(key)
    try:
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode):
            return Copied(key, "failed", why="it is a link or special file, not a regular file")
        ours = ObjectInfo(key, status.st_size, sha256_file(path))
    except OSError as error:
        return Copied(key, "failed", why=str(error))
    # Looking first saves sending a body that is there already, and never overwrites on a server
    # that ignores create-only writes.
    there = store.head(key)
    if there is None:
        if store.put_new(key, path, sha256=ours.sha256 or ""):
            return Copied(key, "transferred", ours.size)
        there = store.head(key)
    return _compare(key, ours=ours, there=there)


def _compare(key: str, *, ours: ObjectInfo, there: ObjectInfo | None) -> Copied:
    """Whether what is at the destination is what the source has; unknown digests count equal."""
    digests = {info.sha256 for info in (ours, there) if info and info.sha256}
    if there and there.size == ours.size and len(digests) < 2:
        return Copied(key, "skipped", ours.size)
    return Copied(key, "failed", why="the destination holds other bytes; nothing is overwritten")


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
    except _OF_ONE_FILE as error:
        return Copied(key, "failed", why=": ".join(filter(None, (error.what, error.why))))


def _files_below(folder: Path) -> Iterator[str]:
    """Paths below the folder of everything that is not a folder itself, in a fixed order."""
    with explained("read the folder", folder):
        for parent, folders, files in os.walk(folder, onerror=_raise):
            folders[:] = sorted(name for name in folders if name != TEMPORARY)
            links = [name for name in folders if Path(parent, name).is_symlink()]
            for name in sorted([*files, *links]):
                yield Path(parent, name).relative_to(folder).as_posix()


def _raise(error: OSError) -> None:
    raise error


def _refuse_overlap(store: ObjectStore, folder: Path) -> None:
    """A copy into a part of itself would never end."""
    here, there = os.path.realpath(folder), store.url.rstrip("/")
    if there.startswith("/") and os.path.commonpath([here, there]) in {here, there}:
        raise UsageError(
            "source and destination are one folder, or one lies inside the other",
            fix="name another destination",
        )
