"""The pod that pins the sources of a run, and what its errors mean for the run."""

from __future__ import annotations

from collections.abc import Callable

from vrdata.contract.pod import ResolvePod
from vrdata.contract.reasons import FailureReason, WorkerExit
from vrdata.errors import OutputConflictError, VrdataError
from vrdata.model import Model
from vrdata.sources.port import (
    SourceAccessError,
    SourceChangedError,
    SourceNotFoundError,
    SourceUnavailableError,
)
from vrdata.store.opening import PrefixedStore
from vrdata.store.port import StorageError, StoreAccessError
from vrdata_worker.failures import ShardFailedError
from vrdata_worker.run import patient_store

# The first class that an error has decides.
_REASONS: tuple[tuple[type[VrdataError], FailureReason], ...] = (
    (SourceNotFoundError, FailureReason.SOURCE_NOT_FOUND),
    (SourceAccessError, FailureReason.SOURCE_UNAVAILABLE),
    (SourceUnavailableError, FailureReason.SOURCE_UNAVAILABLE),
    (SourceChangedError, FailureReason.SOURCE_CHANGED),
    (OutputConflictError, FailureReason.OUTPUT_CONFLICT),
    (StorageError, FailureReason.STORAGE_UNAVAILABLE),
    (StoreAccessError, FailureReason.STORAGE_UNAVAILABLE),
)


def resolve(pod: ResolvePod, emit: Callable[[Model], None]) -> WorkerExit:
    """Pin the sources of a run.

    Args:
        pod: the task.
        emit: receives a message while the store is waited for.

    Raises:
        ShardFailedError: it failed; the reason decides whether another pod tries again.
    """
    from vrdata.sources.resolve import pin_sources  # noqa: PLC0415 - pulls in pyarrow

    store = PrefixedStore(patient_store(pod.store, emit), pod.prefix)
    try:
        pin_sources(pod.spec, store, write=True, places=pod.places or {}, room=pod.room)
    except VrdataError as error:
        found = (reason for kind, reason in _REASONS if isinstance(error, kind))
        reason = next(found, FailureReason.INVALID_SOURCE)
        raise ShardFailedError(reason, str(error)) from None
    except MemoryError:
        message = "the list of items did not fit into memory"
        raise ShardFailedError(FailureReason.OUT_OF_MEMORY, message) from None
    return WorkerExit.COMMITTED
