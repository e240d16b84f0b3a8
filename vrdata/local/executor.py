"""Run the missing shards of a plan on this machine's workers, with retries."""

from __future__ import annotations

import queue
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from vrdata.contract.reasons import WorkerExit
from vrdata.contract.worker import SampleDone, ShardMade, ShardOutcome, ShardTask, WorkerConfig
from vrdata.errors import ExitCode, VrdataError
from vrdata.local.progress import Progress
from vrdata.local.queue import TaskQueue
from vrdata.local.retry import RetryPolicy, first_attempt, next_attempt
from vrdata.local.workers import Ended, Message, WorkerPool, WorkerProcess
from vrdata.plan.planned import Shard

TICK_SECONDS = 0.2
MAX_LOST_WORKERS = 20


class ContractMismatchError(VrdataError):
    """A worker found another plan or generator than it was started for."""

    exit_code = ExitCode.INVALID


@dataclass(slots=True)
class ExecutionResult:
    """What became of the shards that were missing.

    Attributes:
        committed: outcomes with exit code 0, counted only.
        failed: the last outcome of every shard that failed for good.
        nondeterministic: object keys whose bytes differed from an earlier attempt's.
    """

    committed: int = 0
    samples: int = 0
    failed_samples: int = 0
    bytes: int = 0
    cpu_seconds: float = 0.0
    failed: list[ShardOutcome] = field(default_factory=list)
    nondeterministic: list[str] = field(default_factory=list)


class LocalExecutor:
    """Feeds worker processes until every given shard is committed or has failed for good.

    Args:
        config: the workers' configuration.
        jobs: how many worker processes.
        policies: retry policy by generator name.
        folder: an empty folder for worker logs.
        progress: told of every message.
    """

    def __init__(
        self,
        config: WorkerConfig,
        *,
        jobs: int,
        policies: dict[str, RetryPolicy],
        folder: Path,
        progress: Progress,
    ) -> None:
        self._jobs = jobs
        self._policies = policies
        self._progress = progress
        self._pool = WorkerPool(config, folder)
        self._result = ExecutionResult()
        self._lost = 0

    def run(self, shards: Iterable[Shard]) -> ExecutionResult:
        """Make the shards.

        Raises:
            ContractMismatchError: a worker refused the plan.
            VrdataError: workers die again and again.
            KeyboardInterrupt: after the workers were ended.
        """
        tasks = TaskQueue(
            first_attempt(name, shard, self._policies[name]) for name, shard in shards
        )
        try:
            for _ in range(self._jobs):
                self._feed(self._pool.start(), tasks)
            while self._pool.workers:
                self._step(tasks)
        finally:
            self._pool.stop()
        return self._result

    def _step(self, tasks: TaskQueue) -> None:
        self._progress.tick()
        try:
            worker, message = self._pool.inbox.get(timeout=TICK_SECONDS)
        except queue.Empty:
            return
        if isinstance(message, Ended):
            self._take_end(worker, message, tasks)
        else:
            self._take(worker, message, tasks)
        for other in self._pool.workers:
            if other.making is None:
                self._feed(other, tasks)

    def _feed(self, worker: WorkerProcess, tasks: TaskQueue) -> None:
        task = tasks.take(worker.generator, self._pool.busy(worker))
        if task is not None:
            worker.give(task)
        elif not any(other.tasks for other in self._pool.workers):
            for other in self._pool.workers:
                other.finish()

    def _take(self, worker: WorkerProcess, message: Message, tasks: TaskQueue) -> None:
        match message:
            case SampleDone():
                self._progress.making(message)
            case ShardMade():
                worker.making = None
            case ShardOutcome():
                task = worker.tasks.pop(Shard(message.generator, message.shard))
                if worker.making == task:
                    worker.making = None
                self._conclude(task, message, tasks)

    def _conclude(self, task: ShardTask, outcome: ShardOutcome, tasks: TaskQueue) -> None:
        result = self._result
        if outcome.exit_code == WorkerExit.COMMITTED:
            result.committed += 1
            result.samples += outcome.samples
            result.failed_samples += outcome.failed_samples
            result.bytes += outcome.bytes
            result.cpu_seconds += outcome.cpu_seconds
            if outcome.nondeterministic:
                result.nondeterministic.append(outcome.message)
            self._progress.done(outcome)
            return
        if outcome.exit_code == WorkerExit.CONTRACT_MISMATCH:
            raise ContractMismatchError(
                outcome.message, fix="install the same vrdata and generators for the whole run"
            )
        retry = next_attempt(task, outcome, self._policies[task.generator])
        if retry is None:
            result.failed.append(outcome)
        else:
            tasks.put_back(retry)
        self._progress.failed(outcome, retried=retry is not None)

    def _take_end(self, worker: WorkerProcess, ended: Ended, tasks: TaskQueue) -> None:
        self._pool.workers.remove(worker)
        if not worker.tasks:
            return
        self._lost += 1
        if ended.code == WorkerExit.CONTRACT_MISMATCH:
            raise ContractMismatchError("a worker refused the run", why=ended.stderr)
        if ended.code == WorkerExit.STORAGE_UNAVAILABLE or self._lost > MAX_LOST_WORKERS:
            raise VrdataError(
                f"worker {worker.pid} ended with exit code {ended.code}", why=ended.stderr
            )
        for task in worker.tasks.values():
            lost = ShardOutcome(
                generator=task.generator,
                shard=task.shard,
                attempt=task.attempt,
                exit_code=int(_lost_reason(ended.code)),
                reason="OutOfMemory" if ended.code == -9 else "GeneratorFailed",
                message=f"the worker ended with exit code {ended.code}\n{ended.stderr}",
            )
            self._conclude(task, lost, tasks)
        self._feed(self._pool.start(), tasks)


def _lost_reason(code: int) -> WorkerExit:
    """A worker killed by signal 9 met the kernel's out-of-memory killer, most likely."""
    if code == int(WorkerExit.PREEMPTED):
        return WorkerExit.PREEMPTED
    return WorkerExit.OUT_OF_MEMORY if code == -9 else WorkerExit.GENERATOR_FAILED
