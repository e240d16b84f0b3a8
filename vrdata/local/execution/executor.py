"""Run the missing shards of a plan on this machine's workers, with retries."""

from __future__ import annotations

import contextlib
import queue
import signal
import time
from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from pathlib import Path

from vrdata.contract.attempts import OUTSIDE_SIGNALS, pause_after
from vrdata.contract.groups import FailureGroups
from vrdata.contract.messages import (
    Message,
    ShardCommitted,
    ShardGenerated,
    ShardProgress,
    StoreWait,
    WorkerNotice,
    WorkerWarning,
)
from vrdata.contract.reasons import FailureReason, WorkerExit
from vrdata.contract.records import Failure, FailureRecord
from vrdata.contract.worker import ShardTask, WorkerConfig
from vrdata.errors import ExitCode, VrdataError
from vrdata.local.execution.queue import TaskQueue
from vrdata.local.execution.retry import RetryPolicy, first_attempt, next_attempt
from vrdata.local.execution.workers import Ended, WorkerPool, WorkerProcess
from vrdata.local.progress import RunProgress
from vrdata.local.waits import WaitLines
from vrdata.memory import told
from vrdata.plan.planned import Shard
from vrdata.store.port import StorageError, StoreAccessError

TICK_SECONDS = 0.2
MAX_LOST_WORKERS = 20
_ENDED_BY_OTHERS = frozenset(
    {WorkerExit.STORAGE_UNAVAILABLE, WorkerExit.PREEMPTED, *(-one for one in OUTSIDE_SIGNALS)}
)


# What ends the whole run: every shard would fail in the same way.
_FIXES = {
    FailureReason.CONTRACT_MISMATCH: "install the same vrdata and generators for the whole run",
    FailureReason.NOT_HERMETIC: "run `vrdata doctor` to see what this machine lacks, or use a "
    "profile with hermetic: Any",
}


class ContractMismatchError(VrdataError):
    """The plan, a generator or the kernel that a worker found is not what the run needs."""

    exit_code = ExitCode.INVALID


@dataclass(slots=True)
class ExecutionResult:
    """What became of the missing shards.

    Attributes:
        committed: number of committed shards.
        restored: how many of them were committed before and had missing or damaged data.
        dropped: samples that shards were committed without.
        failed: the last failure of every shard that failed for good.
        nondeterministic: object keys whose bytes differed from an earlier attempt's.
    """

    committed: int = 0
    restored: int = 0
    samples: int = 0
    failed_samples: int = 0
    bytes: int = 0
    cpu_seconds: float = 0.0
    dropped: FailureGroups = field(default_factory=FailureGroups)
    failed: list[FailureRecord] = field(default_factory=list)
    nondeterministic: list[str] = field(default_factory=list)


class LocalExecutor:
    """Sends tasks to worker processes until every shard is committed or has failed for good.

    Args:
        config: the workers' configuration.
        jobs: number of worker processes.
        policies: retry policy by generator name.
        folder: an empty folder for worker logs.
        progress: receives every message.
        restore: called when a worker misses what it needs of the output: writes it again.
        meanwhile: called once, when the first workers are started.
    """

    def __init__(  # noqa: PLR0913 - one collaborator each
        self,
        config: WorkerConfig,
        *,
        jobs: int,
        policies: dict[str, RetryPolicy],
        folder: Path,
        progress: RunProgress,
        restore: Callable[[], object] = lambda: None,
        meanwhile: Callable[[], object] = lambda: None,
    ) -> None:
        self._jobs = jobs
        self._policies = policies
        self._progress = progress
        self._restore = restore
        self._meanwhile = meanwhile
        self._pool = WorkerPool(config, folder)
        self._result = ExecutionResult()
        self._waits = WaitLines(progress.say)
        self._charged: dict[Shard, Failure] = {}  # the last one of each shard
        self._lost = 0  # workers in a row that have reported nothing
        self._warnings: list[WorkerWarning] = []

    def run(
        self, shards: Iterable[Shard], damaged: AbstractSet[Shard] = frozenset()
    ) -> ExecutionResult:
        """Generate and commit the shards.

        Args:
            shards: missing and damaged shards, in plan order.
            damaged: shards with a commit marker whose data is missing or damaged.

        Raises:
            ContractMismatchError: a worker refused the run.
            VrdataError: too many workers in a row died before they reported anything.
            KeyboardInterrupt: after all workers ended.
        """
        tasks = TaskQueue(
            first_attempt(*shard, self._policies[shard.generator], repair=shard in damaged)
            for shard in shards
        )
        try:
            for worker in self._pool.start_first(self._jobs):
                self._feed(worker, tasks)
            self._meanwhile()
            while self._pool.workers:
                self._step(tasks)
        finally:
            self._pool.stop()
        return self._result

    def _step(self, tasks: TaskQueue) -> None:
        self._progress.tick()
        for worker in self._pool.workers:
            if number := worker.resume():
                name = signal.Signals(number).name
                self._progress.say(
                    f"worker {worker.pid} was stopped by {name}; vrdata continues it"
                )
        with contextlib.suppress(queue.Empty):
            worker, message = self._pool.inbox.get(timeout=TICK_SECONDS)
            if isinstance(message, Ended):
                self._handle_end(worker, message, tasks)
            else:
                self._lost = 0
                self._handle(worker, message, tasks)
        for other in self._pool.workers:
            if other.current is None:
                self._feed(other, tasks)

    def _feed(self, worker: WorkerProcess, tasks: TaskQueue) -> None:
        task = tasks.take(worker.generator, self._pool.busy(worker), time.monotonic())
        if task is not None:
            worker.send(task)
        elif not tasks.waits and not any(other.tasks for other in self._pool.workers):
            for other in self._pool.workers:
                other.finish()

    def _handle(self, worker: WorkerProcess, message: Message, tasks: TaskQueue) -> None:
        match message:
            case ShardProgress():
                self._progress.update(message)
            case ShardGenerated():
                worker.current = None
            case ShardCommitted():
                task = _finished(worker, Shard(message.generator, message.shard))
                self._result.restored += task.repair
                self._commit(message)
            case FailureRecord():
                self._fail(_finished(worker, message.key), message, tasks)
            case WorkerWarning():
                self._warn(message)
            case WorkerNotice():
                self._progress.say(message.message)
            case StoreWait():
                self._waits.take(worker.pid, message)

    def _warn(self, warning: WorkerWarning) -> None:
        """Print a warning of the first worker that sends it."""
        if warning not in self._warnings:
            self._warnings.append(warning)
            self._progress.say(f"warning: {warning.message}; fix: {warning.fix}")

    def _commit(self, message: ShardCommitted) -> None:
        result = self._result
        result.committed += 1
        result.samples += message.samples
        result.failed_samples += message.failed_samples
        result.dropped.merge(message.dropped)
        result.bytes += message.bytes
        result.cpu_seconds += message.cpu_seconds
        if message.nondeterministic:
            result.nondeterministic.append(message.nondeterministic)
        self._progress.committed(message)

    def _fail(self, task: ShardTask, failure: FailureRecord, tasks: TaskQueue) -> None:
        if fix := _FIXES.get(failure.reason):
            raise ContractMismatchError(failure.message, fix=fix)
        if failure.reason is FailureReason.OUTPUT_CHANGED:
            self._restore_quietly()
        previous, charged = self._charged.get(task.key), failure.reason.charged
        retry = next_attempt(task, failure, self._policies[task.generator], previous)
        pause = 0.0
        if retry is None:
            self._result.failed.append(failure)
        else:
            pause = 0.0 if charged else pause_after(retry.uncharged)
            tasks.put_back(retry, time.monotonic() + pause)
        if charged:
            self._charged[task.key] = failure
        self._progress.failed(failure, retried=retry is not None, pause=pause)

    def _restore_quietly(self) -> None:
        with contextlib.suppress(StorageError, StoreAccessError):  # the next attempt finds out
            self._restore()

    def _handle_end(self, worker: WorkerProcess, ended: Ended, tasks: TaskQueue) -> None:
        self._pool.workers.remove(worker)
        worker.finish()
        self._waits.forget(worker.pid)
        if not worker.tasks and not tasks.waits:
            return
        if ended.code == WorkerExit.CONTRACT_MISMATCH:
            raise ContractMismatchError("a worker refused the run", why=ended.stderr)
        # What others do is bounded by the attempts of each shard.
        self._lost += ended.code not in _ENDED_BY_OTHERS
        if self._lost > MAX_LOST_WORKERS:
            raise VrdataError(
                f"worker {worker.pid} ended with exit code {ended.code}", why=ended.stderr
            )
        if ended.code == WorkerExit.STORAGE_UNAVAILABLE:
            self._restore_quietly()
        failure = failure_of_worker(ended)
        for task in worker.tasks.values():
            self._fail(task, failure.of(task.key, task.attempt), tasks)
        self._feed(self._pool.start(), tasks)


def _finished(worker: WorkerProcess, shard: Shard) -> ShardTask:
    task = worker.tasks.pop(shard)
    if worker.current == task:
        worker.current = None
    return task


def failure_of_worker(ended: Ended) -> Failure:
    """Why a worker ended without a message for its tasks."""
    how, reason = f"ended with exit code {ended.code}", FailureReason.UNKNOWN
    if ended.code == WorkerExit.PREEMPTED:
        reason = FailureReason.PREEMPTED
    elif ended.code == WorkerExit.STORAGE_UNAVAILABLE:
        said = ended.stderr or f"the worker {how}"  # why it could not begin
        return Failure(reason=FailureReason.STORAGE_UNAVAILABLE, message=said)
    elif ended.code < 0:
        how = f"was killed by {signal.Signals(-ended.code).name}"
        reason = FailureReason.DISRUPTED
        if ended.code == -signal.SIGKILL:
            how += f"; {told(ended.memory_ran_out)}"
            reason = FailureReason.OUT_OF_MEMORY if ended.memory_ran_out else reason
    return Failure(reason=reason, message=f"the worker {how}\n{ended.stderr}")
