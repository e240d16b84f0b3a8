"""Keep records of failed and differing attempts beside the data: they outlive the worker."""

from __future__ import annotations

import contextlib
from typing import Literal

from vrdata.contract.worker import ShardTask
from vrdata.dataset import layout
from vrdata.dataset.objects import put_model
from vrdata.errors import VrdataError
from vrdata.model import API_VERSION, Model
from vrdata.store.port import ObjectStore
from vrdata_worker.failures import ShardFailedError

MAX_MESSAGE = 8192


class FailureRecord(Model):
    """One failed attempt of one shard.

    Attributes:
        traceback: the end of the generator's traceback, or "".
        run: UID of the GenerationRun that asked for it; empty for a local run.
    """

    api_version: Literal["vrdata.dev/v1alpha1"] = API_VERSION
    kind: Literal["ShardFailure"] = "ShardFailure"
    generator: str
    shard: int
    attempt: int
    exit_code: int
    reason: str
    message: str
    sample: int | None = None
    traceback: str = ""
    run: str = ""


def record_failure(
    store: ObjectStore, task: ShardTask, error: ShardFailedError, run: str = ""
) -> None:
    """Write the record; a store that cannot take it must not hide the failure itself."""
    record = FailureRecord(
        generator=task.generator,
        shard=task.shard,
        attempt=task.attempt,
        exit_code=int(error.exit),
        reason=error.reason,
        message=error.message[:MAX_MESSAGE],
        sample=error.sample,
        traceback=error.traceback,
        run=run,
    )
    _keep(store, layout.failure_key(task.generator, task.shard, task.attempt), record)


class DifferenceRecord(Model):
    """An attempt that made other bytes than those that stand.

    Attributes:
        object: key of the data object.
    """

    api_version: Literal["vrdata.dev/v1alpha1"] = API_VERSION
    kind: Literal["ShardDifference"] = "ShardDifference"
    generator: str
    shard: int
    attempt: int
    object: str


def record_difference(store: ObjectStore, task: ShardTask, key: str) -> None:
    """Write the record; the shard itself is committed, with or without it."""
    record = DifferenceRecord(
        generator=task.generator, shard=task.shard, attempt=task.attempt, object=key
    )
    _keep(store, layout.difference_key(task.generator, task.shard, task.attempt), record)


def _keep(store: ObjectStore, key: str, record: Model) -> None:
    with contextlib.suppress(VrdataError):
        put_model(store, key, record)
