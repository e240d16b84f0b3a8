"""Worker processes: start them, send tasks, receive messages, stop them by process id."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from vrdata.contract.messages import MESSAGE, Message
from vrdata.contract.worker import ShardTask, WorkerConfig
from vrdata.local.execution.fork import Process, can_fork, fork
from vrdata.memory import MemoryWatch
from vrdata.plan.planned import Shard
from vrdata.privacy.handover import handover
from vrdata.privacy.variables import secrets_of, without_secrets
from vrdata.text import printable, tail
from vrdata_worker.serve import serve

STOP_SECONDS = 10.0
LOG_TAIL_BYTES = 2000


@dataclass(frozen=True, slots=True)
class Ended:
    """A worker process has ended.

    Attributes:
        code: its exit code; the negative number of the signal that ended it.
        stderr: the end of its standard error.
        memory_ran_out: while it ran, the kernel killed a process because memory ran out; None =
            this system does not report it.
    """

    code: int
    stderr: str
    memory_ran_out: bool | None = None


class WorkerProcess:
    """One `python -m vrdata_worker`, or a fork that does the same; it reads tasks from a pipe.

    Args:
        config_path: a WorkerConfig as JSON.
        inbox: receives `(self, message)` for each message, and `Ended` last.
        log: file for the worker's standard error.
        forked: the worker's process, if it is started already.
    """

    def __init__(
        self,
        config_path: Path,
        inbox: queue.SimpleQueue[tuple[WorkerProcess, Message | Ended]],
        log: Path,
        forked: Process | None = None,
    ) -> None:
        self._inbox = inbox
        self._memory = MemoryWatch.begin()
        self._log = log
        self.generator = ""
        self.tasks: dict[Shard, ShardTask] = {}
        self.current: ShardTask | None = None
        self._process = forked or _new_interpreter(config_path, log)
        threading.Thread(target=self._listen, daemon=True).start()
        with contextlib.suppress(OSError):  # a dead worker: its end arrives in the inbox
            self._pipe(handover(secrets_of(os.environ)))

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    def send(self, task: ShardTask) -> None:
        """Send the worker a task. A dead worker ignores it; its end arrives in the inbox."""
        self._memory = MemoryWatch.begin()
        self.generator = task.generator
        self.current = task
        self.tasks[Shard(task.generator, task.shard)] = task
        with contextlib.suppress(OSError):
            self._pipe(task.model_dump_json(by_alias=True).encode() + b"\n")

    def finish(self) -> None:
        """Send no more tasks: the worker ends when it has committed its shards."""
        with contextlib.suppress(OSError):
            if self._process.stdin is not None:
                self._process.stdin.close()

    def terminate(self) -> None:
        """Ask the worker to stop now (exit 10)."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._process.pid, signal.SIGTERM)

    def resume(self) -> int:
        """Continue the worker if a process has stopped it.

        Returns:
            The signal that stopped it; 0 if it was not stopped.
        """
        if sys.platform != "linux":
            return 0
        with contextlib.suppress(ChildProcessError, ProcessLookupError):  # it has ended
            found = os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WNOHANG)
            if found is not None:
                os.kill(self.pid, signal.SIGCONT)
                return found.si_status
        return 0

    def wait(self) -> None:
        """Wait for the end; kill the worker after STOP_SECONDS."""
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _pipe(self, line: bytes) -> None:
        if self._process.stdin is None:
            raise BrokenPipeError
        self._process.stdin.write(line)
        self._process.stdin.flush()

    def _listen(self) -> None:
        stdout = self._process.stdout
        if stdout is not None:
            with stdout:
                for line in stdout:
                    with contextlib.suppress(ValidationError):  # truncated: the worker was killed
                        self._inbox.put((self, MESSAGE.validate_json(line)))
        code = self._process.wait()
        ran_out = self._memory.ran_out()
        self._inbox.put((self, Ended(code, _log_tail(self._log), memory_ran_out=ran_out)))


@dataclass(slots=True)
class WorkerPool:
    """A fixed number of workers; a lost one is replaced a bounded number of times."""

    config: WorkerConfig
    folder: Path
    inbox: queue.SimpleQueue[tuple[WorkerProcess, Message | Ended]] = field(
        default_factory=queue.SimpleQueue
    )
    workers: list[WorkerProcess] = field(default_factory=list)
    started: int = 0

    def start_first(self, count: int) -> list[WorkerProcess]:
        """Start the first workers; this process begins threads after the last one is forked."""
        config, logs = self._config_file(), [self._new_log() for _ in range(count)]
        forked: list[Process | None] = [None] * count
        if can_fork():
            for number, log in enumerate(logs):
                with contextlib.suppress(OSError):  # too little memory: an interpreter needs less
                    forked[number] = fork(lambda: serve(config), log)
        return [self._add(log, process) for log, process in zip(logs, forked, strict=True)]

    def start(self) -> WorkerProcess:
        """Start one more worker."""
        return self._add(self._new_log())

    def _add(self, log: Path, forked: Process | None = None) -> WorkerProcess:
        worker = WorkerProcess(self._config_file(), self.inbox, log, forked)
        self.workers.append(worker)
        return worker

    def _config_file(self) -> Path:
        path = self.folder / "worker.json"
        if not path.exists():
            path.write_bytes(self.config.to_json())
        return path

    def _new_log(self) -> Path:
        self.started += 1
        return self.folder / f"worker-{self.started - 1}.log"

    def busy(self, but: WorkerProcess) -> dict[str, int]:
        """How many of the other workers generate shards of each generator now."""
        counts: dict[str, int] = {}
        for worker in self.workers:
            if worker is not but and worker.current is not None:
                counts[worker.generator] = counts.get(worker.generator, 0) + 1
        return counts

    def stop(self) -> None:
        """End every worker; running tasks are preempted."""
        for worker in self.workers:
            worker.terminate()
        _wait_all(self.workers)


def _new_interpreter(config_path: Path, log: Path) -> Process:
    with log.open("wb") as stderr:
        return subprocess.Popen(
            [sys.executable, "-m", "vrdata_worker", "--config", str(config_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=without_secrets(os.environ),
            start_new_session=True,  # Ctrl-C in the terminal reaches the executor only
        )


def _wait_all(workers: Iterable[WorkerProcess]) -> None:
    for worker in workers:
        worker.wait()


def _log_tail(log: Path) -> str:
    try:
        text = printable(log.read_bytes().decode("utf-8", "replace"))
    except OSError:
        return ""
    return tail(text, LOG_TAIL_BYTES).strip()
