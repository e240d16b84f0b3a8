"""The supervisor: one task after another, each made by children and committed to the store.

A shard's upload runs in a thread beside the making of the next shard; at most one upload waits,
so scratch space holds at most two shards.
"""

from __future__ import annotations

import platform
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from vrdata import __version__
from vrdata.contract.reasons import WorkerExit
from vrdata.contract.worker import SampleDone, ShardMade, ShardOutcome, ShardTask, WorkerConfig
from vrdata.dataset import layout
from vrdata.dataset.codec import describe_records
from vrdata.dataset.commits import read_head
from vrdata.dataset.formats.base import PendingObject
from vrdata.dataset.formats.registry import format_of
from vrdata.dataset.manifest import Attempt, ShardManifest
from vrdata.errors import VrdataError
from vrdata.model import Model
from vrdata.plan.planned import Plan
from vrdata.store.port import ObjectNotFoundError, ObjectStore
from vrdata_worker.child.warm import WarmTemplate
from vrdata_worker.commit import commit
from vrdata_worker.draft import MarkerDraft, describe_data
from vrdata_worker.failures import REASONS, ShardFailedError, failure_of
from vrdata_worker.image.catalogues import Located
from vrdata_worker.record import record_difference, record_failure
from vrdata_worker.shard import Limits, MadeShard, ShardMaker

PROGRESS_SECONDS = 0.5


class Supervisor:
    """Makes and commits shards of one plan.

    Args:
        config: what holds for all shards.
        plan: the stored plan, already checked against `config.plan`.
        store: the run's store.
        generators: catalogue entries by name.
        scratch: an empty folder of this worker's own.
        emit: receives every progress and outcome message, from any thread, one at a time.
    """

    def __init__(  # noqa: PLR0913 - one collaborator each
        self,
        config: WorkerConfig,
        plan: Plan,
        store: ObjectStore,
        generators: dict[str, Located],
        scratch: Path,
        emit: Callable[[Model], None],
    ) -> None:
        self._config = config
        self._plan = plan
        self._store = store
        self._scratch = scratch
        self._warm = WarmTemplate(plan, generators, scratch)
        self._emit_lock = threading.Lock()
        self._emit_raw = emit
        self._uploader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="uploader")
        self._upload: Future[WorkerExit] | None = None

    def run(self, tasks: Iterable[ShardTask]) -> WorkerExit:
        """Make every task's shard.

        Returns:
            COMMITTED when all are committed, else the first failure's exit code.
        """
        first = WorkerExit.COMMITTED
        for task in tasks:
            code = self._one(task)
            first = first or code
        last = self._settle()  # also after a failure: what is made gets committed
        return first or last

    def close(self) -> None:
        """End the children and the uploader without waiting for unfinished uploads."""
        self._warm.close()
        self._uploader.shutdown(wait=False, cancel_futures=True)

    def _settle(self) -> WorkerExit:
        if self._upload is None:
            return WorkerExit.COMMITTED
        upload, self._upload = self._upload, None
        return upload.result()

    def _one(self, task: ShardTask) -> WorkerExit:
        started = time.monotonic()
        folder = self._scratch / f"{task.generator}-{task.shard:06d}-{task.attempt}"
        try:
            if self._is_committed(task):
                self._emit(_outcome(task, WorkerExit.COMMITTED, already=True))
                return WorkerExit.COMMITTED
            folder.mkdir()
            made, pending = self._make(task, folder)
        except ShardFailedError as error:
            shutil.rmtree(folder, ignore_errors=True)
            return self._fail(task, error, started)
        except (VrdataError, OSError) as error:
            shutil.rmtree(folder, ignore_errors=True)
            return self._fail(task, failure_of(error), started)
        previous = self._settle()
        self._emit(ShardMade(generator=task.generator, shard=task.shard))
        self._upload = self._uploader.submit(self._commit, task, made, pending, folder, started)
        return previous

    def _is_committed(self, task: ShardTask) -> bool:
        try:
            existing = read_head(self._store, task.generator, task.shard)
        except ObjectNotFoundError:
            return False
        if existing.plan != self._config.plan:
            key = layout.commit_key(task.generator, task.shard)
            raise ShardFailedError(
                WorkerExit.CONTRACT_MISMATCH,
                f"{key} belongs to another plan ({existing.plan})",
            )
        return True

    def _make(self, task: ShardTask, folder: Path) -> tuple[MadeShard, tuple[PendingObject, ...]]:
        try:
            planned = self._plan.generator(task.generator)
            shard = planned.shard(task.shard)
        except (KeyError, IndexError):
            raise ShardFailedError(
                WorkerExit.CONTRACT_MISMATCH,
                f"the plan has no shard {task.shard} of generator {task.generator}",
            ) from None
        writer = format_of(self._plan.output.format).open_writer(folder, shard)
        maker = ShardMaker(
            self._warm.get(task.generator),
            planned,
            shard,
            run_seed=self._plan.seed,
            writer=writer,
            scratch=folder,
            limits=Limits(
                children=self._config.children,
                sample_timeout=self._config.sample_timeout_seconds,
                memory_bytes=task.memory_bytes or self._config.memory_bytes,
                failed_samples=task.allow_failed_samples,
            ),
            on_sample=self._progress(task),
        )
        made = maker.make()
        return made, writer.finish()

    def _progress(self, task: ShardTask) -> Callable[[int], None]:
        last = 0.0

        def report(samples: int) -> None:
            nonlocal last
            if time.monotonic() - last >= PROGRESS_SECONDS:
                last = time.monotonic()
                self._emit(SampleDone(generator=task.generator, shard=task.shard, samples=samples))

        return report

    def _commit(
        self,
        task: ShardTask,
        made: MadeShard,
        pending: tuple[PendingObject, ...],
        folder: Path,
        started: float,
    ) -> WorkerExit:
        try:
            draft = self._draft(task, made, pending, time.monotonic() - started)
            done = commit(self._store, draft, pending, detect=self._config.commit_mode == "detect")
        except (VrdataError, OSError) as error:
            return self._fail(task, failure_of(error), started)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        if done.nondeterministic:
            record_difference(self._store, task, done.nondeterministic)
        self._emit(
            _outcome(
                task,
                WorkerExit.COMMITTED,
                already=done.already,
                nondeterministic=bool(done.nondeterministic),
                message=done.nondeterministic,
                samples=done.samples,
                failed_samples=done.failed,
                bytes=done.bytes,
                seconds=time.monotonic() - started,
                cpu_seconds=made.cpu_seconds,
                peak_memory_bytes=made.peak_memory_bytes,
            )
        )
        return WorkerExit.COMMITTED

    def _draft(
        self,
        task: ShardTask,
        made: MadeShard,
        pending: tuple[PendingObject, ...],
        seconds: float,
    ) -> MarkerDraft:
        planned = self._plan.generator(task.generator)
        shard = planned.shard(task.shard)
        data = [item.data_object() for item in pending]
        archive, files = describe_data(self._plan.output.format, data)
        records = made.records()
        manifest = ShardManifest(
            plan=self._config.plan,
            generator=task.generator,
            digest=planned.digest,
            shard=task.shard,
            start=shard.start,
            stop=shard.stop,
            format=self._plan.output.format,
            archive=archive,
            files=files,
            samples=len(made.samples),
            failed_samples=len(made.failed),
            records=describe_records(records),
            attempt=Attempt(
                number=task.attempt,
                seconds=round(seconds, 3),
                cpu_seconds=round(made.cpu_seconds, 3),
                peak_memory_bytes=made.peak_memory_bytes,
                architecture=platform.machine(),
                host=socket.gethostname(),
                version=__version__,
            ),
        )
        return MarkerDraft(manifest, records)

    def _fail(self, task: ShardTask, error: ShardFailedError, started: float) -> WorkerExit:
        record_failure(self._store, task, error, self._config.run)
        self._emit(
            _outcome(
                task,
                error.exit,
                message=error.message,
                sample=error.sample,
                seconds=time.monotonic() - started,
            )
        )
        return error.exit

    def _emit(self, message: Model) -> None:
        with self._emit_lock:
            self._emit_raw(message)


def _outcome(task: ShardTask, code: WorkerExit, **facts: object) -> ShardOutcome:
    return ShardOutcome.model_validate(
        {
            "generator": task.generator,
            "shard": task.shard,
            "attempt": task.attempt,
            "exit_code": int(code),
            "reason": REASONS[code],
            **facts,
        }
    )
