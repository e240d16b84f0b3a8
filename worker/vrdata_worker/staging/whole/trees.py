"""Fetch all files of a source into one folder."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, wait
from pathlib import Path

from vrdata.contract.reasons import FailureReason
from vrdata.sources.port import Part, PartFile
from vrdata.sources.staged import staged_path
from vrdata.store.keys import TEMPORARY
from vrdata_worker.failures import ShardFailedError
from vrdata_worker.staging.fetch import Fetcher, require_wanted

BATCH_FILES = 32  # fetched one after the other by one thread
BATCH_BYTES = 8 * 2**20  # that end a batch

Fetching = Callable[[Callable[[Part, Path], None]], Fetcher]
"""A fetcher that hands over the checked files of a part."""


def fill(
    folder: Path,
    parts: Sequence[Part],
    fetching: Fetching,
    threads: Executor,
    stopped: Callable[[], bool],
) -> None:
    """Fetch the files of parts to `folder/{name}`; they are read-only, and so are their folders.

    Args:
        folder: an existing empty folder, which stays writable.
        parts: of the source.
        fetching: see `Fetching`.
        threads: fetch several files at the same time.
        stopped: whether to wait no longer.

    Raises:
        ShardFailedError: as `Fetcher.fetch`; ContractMismatch when a name is a file and a folder.
    """
    _require_tree(parts)
    batches, failed = folder / TEMPORARY, threading.Event()  # no file has this name
    causes: list[BaseException] = []
    fetcher = fetching(lambda part, fetched: _move(part, fetched, folder))

    def fetch(part: Part) -> None:
        place = batches / str(part.first)
        try:
            fetcher.fetch(part, place, lambda: failed.is_set() or stopped())
            place.rmdir()
        except BaseException as error:  # noqa: BLE001 - raised below; the others are not needed
            causes.append(error)
            failed.set()

    batches.mkdir()
    wait([threads.submit(fetch, part) for part in batched(parts)])
    if causes:
        raise causes[0]
    require_wanted(stopped)
    batches.rmdir()
    _close_folders(folder)


def batched(parts: Iterable[Part]) -> Iterator[Part]:
    """Parts of several files each: one request after the other costs less than a thread each.

    Args:
        parts: with whole files.
    """
    files: list[PartFile] = []
    number = size = 0
    for part in parts:
        files += part.files
        size += part.bytes
        if len(files) >= BATCH_FILES or size >= BATCH_BYTES:
            yield Part(number, len(files), tuple(files))
            files, number, size = [], number + 1, 0
    if files:
        yield Part(number, len(files), tuple(files))


def _require_tree(parts: Sequence[Part]) -> None:
    names = {file.name for part in parts for file in part.files}
    for name in names:
        folder = name
        while folder := folder.rpartition("/")[0]:
            if folder in names:
                raise ShardFailedError(
                    FailureReason.CONTRACT_MISMATCH,
                    f"the source has {folder} as a file and as a folder, which cannot be staged; "
                    "fix: choose its files with include",
                )


def _move(part: Part, fetched: Path, folder: Path) -> None:
    for file in part.files:
        source, target = staged_path(fetched, file.name), staged_path(folder, file.name)
        source.chmod(0o444)
        target.parent.mkdir(parents=True, exist_ok=True)
        source.rename(target)
    _remove_empty(fetched)


def _remove_empty(folder: Path) -> None:
    """Remove the folders in which the files were."""
    for path in folder.iterdir():
        if path.is_dir():
            _remove_empty(path)
            path.rmdir()


def _close_folders(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir():
            _close_folders(path)
            path.chmod(0o555)
