"""The worker in a pod: `python -m vrdata_worker.pod`; VRDATA_TASK holds its task.

Exit codes are those of the worker. The termination message is the failure as JSON.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from pydantic import ValidationError

from vrdata.bounded.heap import share_heap
from vrdata.contract.pod import (
    GENERATORS_VARIABLE,
    INDEX_VARIABLE,
    TERMINATION_LOG,
    VARIABLE,
    WAIT_VARIABLE,
    DescribePod,
    FinalisePod,
    IndexPod,
    PodTask,
    ShardPod,
    termination_message,
)
from vrdata.contract.reasons import FailureReason, WorkerExit
from vrdata.contract.records import Failure, FailureRecord
from vrdata.contract.worker import ShardTask, WorkerConfig
from vrdata.dataset import layout
from vrdata.dataset.commits import DamagedMarkerError, iter_commits
from vrdata.dataset.objects import put_model
from vrdata.errors import OutputConflictError, VrdataError
from vrdata.imports import import_fast
from vrdata.model import Model
from vrdata.plan.catalogue import ImageCatalogue
from vrdata.plan.planned import Plan
from vrdata.plan.waves import Wave
from vrdata.privacy.process import close_process
from vrdata.store.opening import open_settings
from vrdata.store.patient import stop_waiting
from vrdata.store.port import (
    ObjectNotFoundError,
    ObjectStore,
    StorageError,
    StoreAccessError,
)
from vrdata_worker.failures import PreemptedError, ShardFailedError, failure_of_process
from vrdata_worker.image.catalogues import locate
from vrdata_worker.image.versions import content_versions, ffmpeg_version
from vrdata_worker.resolve import resolve
from vrdata_worker.run import expected_plan, run_store, run_tasks

LOOK_SECONDS = 0.3  # between two listings of commit markers
END_SECONDS = 15  # after SIGTERM; a pod has 30


def main() -> int:
    """Do the pod's task; returns its exit code."""
    close_process()
    share_heap()
    import_fast()
    signal.signal(signal.SIGTERM, _preempt)
    try:
        return int(_do(PodTask.model_validate_json(os.environ.get(VARIABLE, ""))))
    except PreemptedError:
        return _fail(Failure(reason=FailureReason.PREEMPTED, message="the pod received SIGTERM"))
    except ShardFailedError as error:
        return _fail(error.failure)
    except VrdataError as error:
        return _fail(failure_of_process(error))
    except (ValidationError, IndexError, ValueError) as error:
        message = f"{VARIABLE}: {error}"
        return _fail(Failure(reason=FailureReason.CONTRACT_MISMATCH, message=message))


def _preempt(_signal: int, _frame: FrameType | None) -> None:
    stop_waiting()
    # A request that hangs in another thread must not keep the pod until it is killed.
    signal.signal(signal.SIGALRM, lambda *_: os._exit(WorkerExit.PREEMPTED))
    signal.alarm(END_SECONDS)
    raise PreemptedError


def _do(task: PodTask) -> WorkerExit:
    if task.shard is not None:
        return _shard(task.shard)
    if task.index is not None:
        return _index(task.index)
    if task.finalise is not None:
        return _finalise(task.finalise)
    if task.describe is not None:
        return _describe(task.describe)
    if task.resolve is not None:
        return resolve(task.resolve, _emit)
    raise ShardFailedError(FailureReason.CONTRACT_MISMATCH, f"{VARIABLE} names no task")


def _shard(pod: ShardPod) -> WorkerExit:
    store = run_store(pod.config, _emit)
    try:
        wave = Wave.model_validate_json(store.get(layout.wave_key(pod.wave)))
    except (ObjectNotFoundError, ValidationError) as error:
        raise ShardFailedError(
            FailureReason.OUTPUT_CHANGED, f"{layout.wave_key(pod.wave)} cannot be used: {error}"
        ) from None
    generator, shard = wave.shard(int(os.environ[INDEX_VARIABLE]))
    task = ShardTask(
        generator=generator,
        shard=shard,
        attempt=wave.attempt,
        allow_failed_samples=wave.allow_failed_samples,
        repair=wave.repair,
    )
    config = _with_catalogues(pod.config).model_copy(update={"run": wave.run})
    return run_tasks(config, iter([task]), _emit)


@contextmanager
def _finishing() -> Iterator[None]:
    """Give each error of finalisation the reason that decides about another try."""
    try:
        yield
    except (StorageError, StoreAccessError):
        raise
    except OutputConflictError as error:
        raise ShardFailedError(FailureReason.OUTPUT_CONFLICT, str(error)) from None
    except DamagedMarkerError as error:  # its own fix is for a local run
        message = f"{error.what}: {error.why}"
        raise ShardFailedError(FailureReason.DAMAGED_MARKER, message) from None
    except VrdataError as error:
        raise ShardFailedError(FailureReason.INCOMPLETE_RUN, str(error)) from None
    except MemoryError:
        raise ShardFailedError(FailureReason.OUT_OF_MEMORY, "finalisation: MemoryError") from None


def _index(pod: IndexPod) -> WorkerExit:
    from vrdata.dataset.finish.generator import index_generator  # noqa: PLC0415 - pulls in pyarrow

    store = run_store(pod.config, _emit)
    plan = expected_plan(store, pod.config.plan)
    generator = plan.generators[int(os.environ[INDEX_VARIABLE])].name
    with _finishing():
        index_generator(store, plan, generator, detect=pod.config.commit_mode == "detect")
    return WorkerExit.COMMITTED


def _finalise(pod: FinalisePod) -> WorkerExit:
    from vrdata.dataset.outputs import write_outputs  # noqa: PLC0415 - pulls in pyarrow

    store = run_store(pod.config, _emit)
    plan = expected_plan(store, pod.config.plan)
    _wait_for_shards(store, plan, float(os.environ.get(WAIT_VARIABLE, "0")))
    with _finishing():
        write_outputs(
            store,
            plan,
            detect=pod.config.commit_mode == "detect",
            max_failed=pod.max_failed_samples,
        )
    return WorkerExit.COMMITTED


def _wait_for_shards(store: ObjectStore, plan: Plan, seconds: float) -> None:
    """Wait until every shard is committed.

    Args:
        seconds: how long; 0 = do not look: finalisation names what is missing.

    Raises:
        ShardFailedError: Disrupted, which is not charged: some are not committed yet.
    """
    deadline = time.monotonic() + seconds
    while seconds and next(plan.missing_shards(set(iter_commits(store))), None) is not None:
        if time.monotonic() > deadline:
            message = f"the last shards were not committed within {seconds:.0f} s"
            raise ShardFailedError(FailureReason.DISRUPTED, message)
        time.sleep(LOOK_SECONDS)


def _describe(pod: DescribePod) -> WorkerExit:
    found = locate(_catalogues(pod.catalogue))
    answer = ImageCatalogue(
        image_digest=pod.image_digest,
        versions=content_versions() | {"ffmpeg": ffmpeg_version()},
        generators=tuple(item.entry for item in found.values()),
    )
    key = layout.catalogue_key(pod.image_digest, pod.catalogue)
    put_model(open_settings(pod.store), key, answer)
    return WorkerExit.COMMITTED


def _with_catalogues(config: WorkerConfig) -> WorkerConfig:
    given = config.catalogues[0] if config.catalogues else ""
    paths = tuple(str(path) for path in _catalogues(given))
    return config.model_copy(update={"catalogues": paths})


def _catalogues(given: str) -> tuple[Path, ...]:
    """The named catalogue file, else the image's own, if it holds any added generators."""
    if given:
        return (Path(given),)
    home = os.environ.get(GENERATORS_VARIABLE, "")
    own = Path(home) / "catalogue.json"
    return (own,) if home and own.exists() else ()


def _emit(message: Model) -> None:
    sys.stdout.write(message.model_dump_json(by_alias=True) + "\n")
    sys.stdout.flush()
    if isinstance(message, FailureRecord):
        _write_termination(termination_message(message))


def _fail(failure: Failure) -> int:
    sys.stderr.write(failure.message + "\n")
    _write_termination(termination_message(failure))
    return int(failure.reason.exit)


def _write_termination(text: str) -> None:
    path = Path(os.environ.get("VRDATA_TERMINATION_LOG", TERMINATION_LOG))
    if path.exists():
        path.write_text(text)


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    # An upload thread may still wait for the network; what it uploads would not be committed.
    os._exit(code)
