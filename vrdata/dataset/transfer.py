"""Copy a store to a folder and a folder to a store: parallel, checked, resumable, create-only.

Nothing that exists is overwritten. What is there with equal bytes is skipped, so the same command
goes on where it stopped; what is there with other bytes is a failure of that file.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

from vrdata.dataset.selection import select
from vrdata.errors import InvalidInputError, NotFoundError, UsageError, VrdataError
from vrdata.store.files import FileStore
from vrdata.store.keys import TEMPORARY, key_problem
from vrdata.store.port import (
    DigestMismatchError,
    KeyConflictError,
    ObjectInfo,
    ObjectNotFoundError,
    ObjectStore,
)
from vrdata.store.streaming import read_chunks, sha256_file

QUEUED_PER_JOB = 4
SHOWN_FAILURES = 20

# What concerns one file; any other error ends the transfer.
_OF_ONE_FILE = (InvalidInputError, DigestMismatchError, KeyConflictError, ObjectNotFoundError)


@dataclass(frozen=True, slots=True)
class Copied:
    """What became of one file.

    Attributes:
        key: its key, which is its path below the folder.
        outcome: `transferred`, `skipped` (equal bytes were there), or `failed`.
        size: bytes.
        why: the cause of a failure.
    """

    key: str
    outcome: Literal["transferred", "skipped", "failed"]
    size: int = 0
    why: str = ""


@dataclass(frozen=True, slots=True)
class TransferResult:
    """How a transfer ended, or stands.

    Attributes:
        transferred: files copied now.
        skipped: files that were there with equal bytes.
        failed: files that could not be copied.
        bytes: bytes of the transferred files.
        failures: key and cause of the first failures.
    """

    transferred: int = 0
    skipped: int = 0
    failed: int = 0
    bytes: int = 0
    failures: tuple[Copied, ...] = ()

    @property
    def files(self) -> int:
        """All files seen so far."""
        return self.transferred + self.skipped + self.failed

    def plus(self, copied: Copied) -> TransferResult:
        """The result with one more file."""
        if copied.outcome == "skipped":
            return replace(self, skipped=self.skipped + 1)
        if copied.outcome == "transferred":
            return replace(
                self, transferred=self.transferred + 1, bytes=self.bytes + copied.size
            )
        failures = (*self.failures, copied)[:SHOWN_FAILURES]
        return replace(self, failed=self.failed + 1, failures=failures)

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "transferred": self.transferred,
            "skipped": self.skipped,
            "failed": self.failed,
            "bytes": self.bytes,
            "failures": [{"key": item.key, "why": item.why} for item in self.failures],
        }


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
    objects = (info for info in select(store, generators) if not _is_folder_marker(info))
    try:
        result = _transfer(objects, partial(_download_one, store, target), jobs, report)
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


def _download_one(store: ObjectStore, target: FileStore, info: ObjectInfo) -> Copied:
    there = target.head(info.key)
    recorded = store.head(info.key)
    if recorded is None:
        raise ObjectNotFoundError(f"{info.key} was deleted from {store.url} meanwhile")
    if there is None:
        chunks = read_chunks(store, info.key, recorded.size)
        if target.put_chunks(info.key, chunks, sha256=recorded.sha256 or ""):
            return Copied(info.key, "transferred", recorded.size)
        there = target.head(info.key)
    return _compare(info.key, ours=recorded, there=there)


def _upload_one(folder: Path, store: ObjectStore, key: str) -> Copied:
    path = folder / key
    problem = key_problem(key) or ("it is a symbolic link" if path.is_symlink() else "")
    if problem:
        return Copied(key, "failed", why=problem)
    try:
        ours = ObjectInfo(key, path.stat().st_size, sha256_file(path))
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


def _transfer[T](
    items: Iterable[T], copy: Callable[[T], Copied], jobs: int, report: Report
) -> TransferResult:
    result = TransferResult()
    for copied in _in_parallel(items, partial(_guarded, copy), jobs):
        result = result.plus(copied)
        report(result)
    return result
