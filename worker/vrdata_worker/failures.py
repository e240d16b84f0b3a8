"""Errors that end a shard, and the records of them that outlive the worker."""

from __future__ import annotations

import contextlib
from pathlib import Path

from vrdata.contract.reasons import FailureReason
from vrdata.contract.records import DifferenceRecord, Failure, FailureRecord
from vrdata.contract.worker import ShardTask
from vrdata.dataset import layout
from vrdata.dataset.commits import DamagedMarkerError
from vrdata.dataset.formats.untrusted import FileChangedError
from vrdata.dataset.objects import put_model
from vrdata.errors import InvalidInputError, OutputConflictError, VrdataError
from vrdata.model import Model
from vrdata.store.port import (
    DigestMismatchError,
    ObjectNotFoundError,
    ObjectStore,
    StorageError,
    StoreAccessError,
    StoreUnreachableError,
)
from vrdata.text import printable
from vrdata_worker.untrusted.folders import tail_of

LOG_TAIL_BYTES = 4096


class ShardFailedError(Exception):
    """A shard cannot be committed.

    Attributes:
        of_samples: the failures are of samples, which the shard can drop within the failure policy.
        lasting: no other attempt can succeed: the store or the scratch folder lacks what no wait
            brings, for example space, or too many items of a converter are invalid.
    """

    def __init__(  # noqa: PLR0913 - facts of the failure
        self,
        reason: FailureReason,
        message: str,
        sample: int | None = None,
        traceback: str = "",
        *,
        of_samples: bool = False,
        lasting: bool = False,
    ) -> None:
        super().__init__(f"{reason}: {message}")
        self.of_samples = of_samples
        self.lasting = lasting
        self.failure = Failure(reason=reason, message=message, sample=sample, traceback=traceback)

    @classmethod
    def of(cls, failure: Failure) -> ShardFailedError:
        """The error of a shard whose samples failed: the first of them."""
        error = cls(failure.reason, failure.message, of_samples=True)
        error.failure = failure
        return error


class PreemptedError(BaseException):
    """SIGTERM arrived: stop now, commit nothing more. No `except Exception` catches it."""


def failure_of(error: Exception, sample: int | None = None) -> ShardFailedError:
    """What an error of packing or storing a shard means for the shard.

    Args:
        error: what was raised.
        sample: global index of the sample that was being packed, if one was.

    Returns:
        FileChanged or UnsafeFile when the cause is a file of the generator (it changed after its
        check, or its name does not fit the format), DamagedMarker when the shard's commit marker
        is damaged, OutputConflict when its objects are of something else, else StorageUnavailable.
    """
    parts = (error.what, error.why, error.fix) if isinstance(error, VrdataError) else (str(error),)
    message = "; ".join(filter(None, parts))  # summaries show the first line only
    match error:
        case FileChangedError():
            return ShardFailedError(FailureReason.FILE_CHANGED, message, sample)
        case DamagedMarkerError():
            return ShardFailedError(FailureReason.DAMAGED_MARKER, message)
        case OutputConflictError():
            return ShardFailedError(FailureReason.OUTPUT_CONFLICT, message)
        case InvalidInputError():
            return ShardFailedError(FailureReason.UNSAFE_FILE, message, sample)
        case _:
            passing = isinstance(
                error, StoreUnreachableError | StoreAccessError | DigestMismatchError
            )
            return ShardFailedError(FailureReason.STORAGE_UNAVAILABLE, message, lasting=not passing)


def failure_of_process(error: VrdataError) -> Failure:
    """What an error means that ends a worker before or after its shards.

    Returns:
        OutputChanged when an object has disappeared, StorageUnavailable when the store cannot be
        used, ContractMismatch for all that no other attempt can change, for example a catalogue.
    """
    match error:
        case ObjectNotFoundError():
            reason = FailureReason.OUTPUT_CHANGED
        case StorageError() | StoreAccessError():
            reason = FailureReason.STORAGE_UNAVAILABLE
        case _:
            reason = FailureReason.CONTRACT_MISMATCH
    return Failure(reason=reason, message=str(error))


def store_failure(store: ObjectStore, failure: FailureRecord) -> None:
    """Store the record of a failed attempt; a broken store does not hide the failure itself.

    If this worker has already waited for the store without success, it does not wait again.
    """
    if failure.reason is FailureReason.STORAGE_UNAVAILABLE:
        return
    _store(store, layout.failure_key(*failure.key, failure.attempt), failure)


def store_difference(store: ObjectStore, task: ShardTask, key: str) -> None:
    """Store that an attempt generated different bytes; the shard is still committed."""
    record = DifferenceRecord(
        generator=task.generator, shard=task.shard, attempt=task.attempt, object=key
    )
    _store(store, layout.difference_key(task.generator, task.shard, task.attempt), record)


def _store(store: ObjectStore, key: str, record: Model) -> None:
    with contextlib.suppress(VrdataError):
        put_model(store, key, record)


def log_tail(folder: Path) -> str:
    """The end of what a block's generator printed, or "" when it printed nothing."""
    body = tail_of(folder / "log.txt", LOG_TAIL_BYTES)
    return printable(body.decode("utf-8", "replace")).strip()
