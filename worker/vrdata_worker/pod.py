"""The worker in a pod: `python -m vrdata_worker.pod`, told by VRDATA_TASK what to do.

Exit codes are those of the worker. The last words go to the termination message.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from types import FrameType

from pydantic import ValidationError

from vrdata.contract.pod import (
    GENERATORS_VARIABLE,
    INDEX_VARIABLE,
    TERMINATION_BYTES,
    TERMINATION_LOG,
    VARIABLE,
    DescribePod,
    FinalisePod,
    PodTask,
    ShardPod,
)
from vrdata.contract.reasons import WorkerExit
from vrdata.contract.worker import ShardOutcome, ShardTask, StoreSettings, WorkerConfig
from vrdata.dataset import layout
from vrdata.dataset.objects import put_model
from vrdata.errors import VrdataError
from vrdata.model import Model
from vrdata.plan.catalogue import ImageCatalogue
from vrdata.plan.waves import Wave
from vrdata.store.opening import PrefixedStore, open_store
from vrdata.store.port import ObjectNotFoundError, ObjectStore
from vrdata_worker.failures import PreemptedError, ShardFailedError
from vrdata_worker.image.catalogues import locate
from vrdata_worker.image.versions import content_versions
from vrdata_worker.running import stored_plan, work


def main() -> int:
    """Do the pod's task; returns its exit code."""
    signal.signal(signal.SIGTERM, _preempt)
    try:
        return int(_do(PodTask.model_validate_json(os.environ.get(VARIABLE, ""))))
    except PreemptedError:
        return _last_words("the pod was told to stop", WorkerExit.PREEMPTED)
    except ShardFailedError as error:
        return _last_words(error.message, error.exit)
    except VrdataError as error:
        return _last_words(str(error), WorkerExit.STORAGE_UNAVAILABLE)
    except (ValidationError, IndexError, ValueError) as error:
        return _last_words(f"{VARIABLE}: {error}", WorkerExit.CONTRACT_MISMATCH)


def _preempt(_signal: int, _frame: FrameType | None) -> None:
    raise PreemptedError


def _do(task: PodTask) -> WorkerExit:
    if task.shard is not None:
        return _shard(task.shard)
    if task.finalise is not None:
        return _finalise(task.finalise)
    if task.describe is not None:
        return _describe(task.describe)
    raise ShardFailedError(WorkerExit.CONTRACT_MISMATCH, f"{VARIABLE} names no task")


def _shard(pod: ShardPod) -> WorkerExit:
    store = _run_store(pod.config)
    try:
        wave = Wave.model_validate_json(store.get(layout.wave_key(pod.wave)))
    except (ObjectNotFoundError, ValidationError) as error:
        raise ShardFailedError(
            WorkerExit.CONTRACT_MISMATCH, f"{layout.wave_key(pod.wave)}: {error}"
        ) from None
    generator, shard = wave.shard(int(os.environ[INDEX_VARIABLE]))
    task = ShardTask(
        generator=generator,
        shard=shard,
        attempt=wave.attempt,
        allow_failed_samples=wave.allow_failed_samples,
    )
    config = _with_catalogues(pod.config).model_copy(update={"run": wave.run})
    return work(config, iter([task]), _emit)


def _finalise(pod: FinalisePod) -> WorkerExit:
    from vrdata.dataset.outputs import write_outputs  # noqa: PLC0415 - pulls in pyarrow and jinja2

    store = _run_store(pod.config)
    plan = stored_plan(store, pod.config.plan)
    write_outputs(
        store,
        plan,
        detect=pod.config.commit_mode == "detect",
        max_failed=pod.max_failed_samples,
    )
    return WorkerExit.COMMITTED


def _describe(pod: DescribePod) -> WorkerExit:
    found = locate(_catalogues(pod.catalogue))
    answer = ImageCatalogue(
        image_digest=pod.image_digest,
        versions=content_versions(),
        generators=tuple(item.entry for item in found.values()),
    )
    key = layout.catalogue_key(pod.image_digest, pod.catalogue)
    put_model(_open(pod.store), key, answer)
    return WorkerExit.COMMITTED


def _open(settings: StoreSettings) -> ObjectStore:
    return open_store(
        settings.url,
        endpoint=settings.endpoint,
        region=settings.region,
        checksums=settings.checksums,
    )


def _run_store(config: WorkerConfig) -> ObjectStore:
    return PrefixedStore(_open(config.store), config.prefix)


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
    text = message.model_dump_json(by_alias=True)
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
    if isinstance(message, ShardOutcome) and message.exit_code:
        # Of a long message the end matters: the generator's own error.
        body = message.message.encode()[-TERMINATION_BYTES:]
        while len(text.encode()) > TERMINATION_BYTES and body:  # one byte may become six in JSON
            body = body[len(body) // 2 + 1 :]
            short = body.decode(errors="ignore")
            text = message.model_copy(update={"message": short}).model_dump_json(by_alias=True)
        _write_termination(text)


def _last_words(message: str, code: WorkerExit) -> int:
    sys.stderr.write(message + "\n")
    _write_termination(message[: TERMINATION_BYTES // 4])
    return int(code)


def _write_termination(text: str) -> None:
    path = Path(os.environ.get("VRDATA_TERMINATION_LOG", TERMINATION_LOG))
    if path.exists():
        path.write_text(text)


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    # An upload thread may still wait for the network; nothing it does would be visible.
    os._exit(code)
