"""A local run prints a warning of its workers once, whatever their number."""

from __future__ import annotations

import io
from collections import Counter
from pathlib import Path
from typing import cast

import pytest
from rich.console import Console

from support.builders import make_plan
from vrdata.contract.messages import WorkerWarning
from vrdata.contract.reasons import FailureReason
from vrdata.contract.records import Failure
from vrdata.contract.worker import ShardTask, StoreSettings, WorkerConfig
from vrdata.local.execution.executor import ContractMismatchError, LocalExecutor
from vrdata.local.execution.queue import TaskQueue
from vrdata.local.execution.workers import WorkerProcess
from vrdata.local.progress import RunProgress

TASK = ShardTask(generator="O-1_maze", shard=0)


class FakeWorker:
    """A worker with one task."""

    def __init__(self) -> None:
        self.current = TASK
        self.tasks = {TASK.key: TASK}


def executor(folder: Path, text: io.StringIO) -> LocalExecutor:
    plan = make_plan()
    progress = RunProgress(plan, Counter(), Console(file=text, width=500), animated=False)
    config = WorkerConfig(store=StoreSettings(url="x"), prefix="", plan=plan.hash)
    return LocalExecutor(config, jobs=2, policies={}, folder=folder, progress=progress)


def test_equal_warnings_of_several_workers_are_printed_once(tmp_path: Path) -> None:
    text = io.StringIO()
    running = executor(tmp_path, text)
    warning = WorkerWarning(message="the kernel has no Landlock", fix="use another one")
    for _ in range(3):
        running._handle(cast("WorkerProcess", FakeWorker()), warning, TaskQueue(()))
    assert text.getvalue().splitlines() == [
        "warning: the kernel has no Landlock; fix: use another one"
    ]


@pytest.mark.parametrize(
    ("reason", "fix"),
    [(FailureReason.CONTRACT_MISMATCH, "same vrdata"), (FailureReason.NOT_HERMETIC, "doctor")],
)
def test_a_worker_that_refuses_the_run_ends_it(
    tmp_path: Path, reason: FailureReason, fix: str
) -> None:
    running = executor(tmp_path, io.StringIO())
    failure = Failure(reason=reason, message="because").of(TASK.key, 0)
    with pytest.raises(ContractMismatchError, match="because") as caught:
        running._handle(cast("WorkerProcess", FakeWorker()), failure, TaskQueue(()))
    assert fix in caught.value.fix
    assert int(caught.value.exit_code) == 3
