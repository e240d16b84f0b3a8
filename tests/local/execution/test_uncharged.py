"""Attempts that are ended from outside: not charged, repeated with pauses, and no shard waits."""

from __future__ import annotations

import io
import stat
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from rich.console import Console

from support.builders import make_plan
from vrdata.contract.worker import StoreSettings, WorkerConfig
from vrdata.errors import VrdataError
from vrdata.local.execution.executor import ExecutionResult, LocalExecutor
from vrdata.local.execution.retry import RetryPolicy
from vrdata.local.progress import RunProgress

NAME = "O-1_maze"
SHARDS = 4
# A worker that answers each task as TROUBLE says, and else commits its shard.
WORKER = """#!PYTHON
import json, os, signal, sys

def say(kind, task, **fields):
    print(json.dumps({"kind": kind, **{k: task[k] for k in ("generator", "shard", "attempt")},
        **fields}), flush=True)

def fail(task, reason, **fields):
    say("ShardFailure", task, apiVersion="vrdata.dev/v1alpha1", reason=reason, **fields)

sys.stdin.readline()  # the secrets
for line in sys.stdin:
    task = json.loads(line)
    with open("LOG", "a") as log:
        log.write(f"{task['shard']} {task['attempt']} {task['uncharged']}\\n")
    first = task["shard"] == 0
    TROUBLE
    say("ShardCommitted", task, samples=1)
"""


@dataclass(frozen=True)
class Ended:
    """How an execution ended: its result, its tasks in order, its lines."""

    result: ExecutionResult
    tasks: list[tuple[int, int, int]]
    lines: list[str]


class Bench:
    """Executes four shards with workers that do not generate.

    Args:
        folder: an empty folder.
        monkeypatch: replaces the program of a worker, and the pauses.
    """

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder = folder
        self._monkeypatch = monkeypatch
        monkeypatch.setattr("vrdata.local.execution.executor.TICK_SECONDS", 0.01)
        monkeypatch.setattr(
            "vrdata.local.execution.executor.pause_after", lambda uncharged: 0.02 * uncharged
        )

    def run(
        self, trouble: str, *, retries: int = 0, restore: Callable[[], object] = lambda: None
    ) -> Ended:
        script, log = self._folder / "worker", self._folder / "log"
        body = WORKER.replace("PYTHON", sys.executable).replace("LOG", str(log))
        script.write_text(body.replace("TROUBLE", trouble))
        script.chmod(stat.S_IRWXU)
        self._monkeypatch.setattr("vrdata.local.execution.workers.can_fork", lambda: False)
        self._monkeypatch.setattr("vrdata.local.execution.workers.sys.executable", str(script))
        plan = make_plan({NAME: SHARDS}, block_size=1, shard_blocks=1)
        text = io.StringIO()
        executor = LocalExecutor(
            WorkerConfig(store=StoreSettings(url="x"), prefix="", plan=plan.hash),
            jobs=1,
            policies={NAME: RetryPolicy(retries, 0)},
            folder=self._folder,
            progress=RunProgress(plan, Counter(), Console(file=text, width=500), animated=False),
            restore=restore,
        )
        result = executor.run(list(plan.all_shards()))
        tasks = [tuple(map(int, line.split())) for line in log.read_text().splitlines()]
        return Ended(result, tasks, text.getvalue().splitlines())  # type: ignore[arg-type]


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(tmp_path, monkeypatch)


def test_a_killed_worker_costs_no_retry(bench: Bench) -> None:
    trouble = "if first and task['attempt'] < 2: os.kill(os.getpid(), signal.SIGKILL)"
    ended = bench.run(trouble)
    assert ended.result.committed == SHARDS
    assert ended.result.failed == []
    assert [task for task in ended.tasks if task[0] == 0] == [(0, 0, 0), (0, 1, 1), (0, 2, 2)]
    told = [line for line in ended.lines if "Disrupted" in line]
    assert len(told) == 2
    assert "will be retried" in told[0]
    assert "(not charged)" in told[0]
    assert "killed by SIGKILL; memory did not run out" in told[0]


@pytest.mark.parametrize(
    "trouble",
    [
        "if first and task['attempt'] < 3: fail(task, 'StorageUnavailable'); continue",
        "if first and task['attempt'] < 3: fail(task, 'Preempted'); continue",
        "if first and task['attempt'] < 3: sys.exit(30)",
        "if first and task['attempt'] < 3: sys.exit(10)",
    ],
    ids=["storage", "preempted", "exit 30", "exit 10"],
)
def test_storage_and_preemption_cost_no_retry(trouble: str, bench: Bench) -> None:
    ended = bench.run(trouble)
    assert ended.result.committed == SHARDS
    assert ended.result.failed == []


def test_a_pause_of_one_shard_keeps_no_other_waiting(bench: Bench) -> None:
    trouble = "if first and task['attempt'] < 1: fail(task, 'StorageUnavailable'); continue"
    ended = bench.run(trouble)
    assert [task[0] for task in ended.tasks] == [0, 1, 2, 3, 0]


def test_the_hundredth_uncharged_attempt_is_the_last(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vrdata.local.execution.executor.pause_after", lambda _: 0.0)
    ended = bench.run("if first: fail(task, 'StorageUnavailable'); continue")
    assert ended.result.committed == SHARDS - 1
    assert [str(failure.reason) for failure in ended.result.failed] == ["StorageUnavailable"]
    assert sum(task[0] == 0 for task in ended.tasks) == 100


def test_the_same_failure_of_the_same_sample_is_not_tried_a_third_time(bench: Bench) -> None:
    trouble = "if first: fail(task, 'GeneratorCrashed', message='signal 11', sample=3); continue"
    ended = bench.run(trouble, retries=5)
    assert sum(task[0] == 0 for task in ended.tasks) == 2
    assert [failure.sample for failure in ended.result.failed] == [3]


def test_an_uncharged_attempt_between_them_does_not_hide_equal_failures(bench: Bench) -> None:
    trouble = (
        "if first and task['attempt'] == 1: fail(task, 'Disrupted'); continue\n"
        "    if first: fail(task, 'GeneratorCrashed', message='signal 11', sample=3); continue"
    )
    ended = bench.run(trouble, retries=5)
    assert [task for task in ended.tasks if task[0] == 0] == [(0, 0, 0), (0, 1, 0), (0, 2, 1)]


def test_a_run_ends_when_all_workers_die_at_their_start(bench: Bench) -> None:
    with pytest.raises(VrdataError, match="ended with exit code -11"):
        bench.run("os.kill(os.getpid(), signal.SIGSEGV)")


def test_a_run_continues_when_workers_are_killed_before_they_report_anything(bench: Bench) -> None:
    trouble = "if task['attempt'] < 8: os.kill(os.getpid(), signal.SIGKILL)"
    ended = bench.run(trouble)
    assert ended.result.committed == SHARDS
    assert len(ended.tasks) == SHARDS * 9


def test_a_full_disk_does_not_cause_a_hundred_attempts(bench: Bench) -> None:
    trouble = "if first: fail(task, 'StorageUnavailable', retry='Useless'); continue"
    ended = bench.run(trouble)
    assert sum(task[0] == 0 for task in ended.tasks) == 3
    assert len(ended.result.failed) == 1


def test_waits_for_the_store_are_reported_once_for_all_workers(bench: Bench) -> None:
    trouble = (
        "print(json.dumps({'kind': 'StoreWait', 'why': 'refused', 'limit': 300}), flush=True)\n"
        "    print(json.dumps({'kind': 'StoreWait', 'why': '', 'seconds': 35, 'answered': True}),"
        " flush=True)"
    )
    ended = bench.run(trouble)
    assert ended.lines[0].startswith("waiting for the store since ")
    assert ended.lines[0].endswith(": refused (a request waits up to 5 minutes)")
    assert ended.lines[1] == "the store answers again after 35 s"


def test_a_worker_that_cannot_begin_lets_the_run_restore_what_it_needs(
    bench: Bench, tmp_path: Path
) -> None:
    missing = f"not os.path.exists({str(tmp_path / 'plan')!r})"
    trouble = f"if {missing}: print('plan.json cannot be used', file=sys.stderr); sys.exit(30)"
    ended = bench.run(trouble, restore=(tmp_path / "plan").touch)
    assert ended.result.committed == SHARDS
    assert len(ended.tasks) == SHARDS + 1
    assert "StorageUnavailable: plan.json cannot be used" in ended.lines[0]


def test_what_a_shard_misses_of_the_output_is_restored_before_its_next_attempt(
    bench: Bench, tmp_path: Path
) -> None:
    missing = f"not os.path.exists({str(tmp_path / 'items')!r})"
    trouble = f"if {missing}: fail(task, 'OutputChanged', message='no list'); continue"
    ended = bench.run(trouble, restore=(tmp_path / "items").touch)
    assert ended.result.committed == SHARDS
    assert len(ended.tasks) == SHARDS + 1
