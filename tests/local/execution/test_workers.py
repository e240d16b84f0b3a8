"""Worker processes that die, and unknown markers in the store, in the local executor."""

from __future__ import annotations

import json
import os
import queue
import shutil
import signal
import sys
from pathlib import Path

import pytest

from support.datasets.workers import make_bench
from support.polling import wait_until
from vrdata.contract.reasons import FailureReason
from vrdata.contract.worker import ShardTask
from vrdata.local.execution.executor import failure_of_worker
from vrdata.local.execution.workers import Ended, Message, WorkerProcess
from vrdata.local.run import prepare

Inbox = queue.SimpleQueue[tuple[WorkerProcess, Message | Ended]]


def start(folder: Path, monkeypatch: pytest.MonkeyPatch, inbox: Inbox, body: str) -> WorkerProcess:
    """A worker whose process runs a shell script instead."""
    script = folder / "worker"
    script.write_text(f"#!/bin/sh\n{body}\n")
    script.chmod(0o755)
    monkeypatch.setattr("vrdata.local.execution.workers.sys.executable", str(script))
    return WorkerProcess(folder / "config", inbox, folder / "log")


def test_the_end_of_a_worker_that_died_in_the_middle_of_a_line_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox: Inbox = queue.SimpleQueue()
    worker = start(
        tmp_path, monkeypatch, inbox, """printf '{"kind":"ShardCommitted","gener'; exit 9"""
    )
    sender, message = inbox.get(timeout=30)
    assert sender is worker
    assert isinstance(message, Ended)
    assert message.code == 9
    worker.finish()


def test_a_dead_worker_keeps_its_task_and_counts_as_busy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox: Inbox = queue.SimpleQueue()
    worker = start(tmp_path, monkeypatch, inbox, "exit 1")
    inbox.get(timeout=30)
    task = ShardTask(generator="O-maze", shard=0)
    worker.send(task)
    assert worker.current == task  # so the executor sends it no other task
    assert list(worker.tasks.values()) == [task]
    worker.finish()


def test_a_worker_gets_the_secrets_of_the_user_through_its_pipe_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "PLANTED-1")
    monkeypatch.setenv("HTTPS_PROXY", "http://user:PLANTED-2@proxy.example.org")
    monkeypatch.setenv("SOME_SETTING", "kept")
    inbox: Inbox = queue.SimpleQueue()
    body = f"env > {tmp_path}/env; cat /proc/$$/environ /proc/$$/cmdline > {tmp_path}/process; "
    worker = start(tmp_path, monkeypatch, inbox, f"{body} head -n 1 > {tmp_path}/pipe")
    inbox.get(timeout=30)
    worker.finish()
    seen = (tmp_path / "env").read_text() + (tmp_path / "process").read_text()
    assert "SOME_SETTING=kept" in seen
    assert "PLANTED" not in seen
    secrets = json.loads((tmp_path / "pipe").read_text())
    for name in ("AWS_SECRET_ACCESS_KEY", "HTTPS_PROXY"):
        assert secrets[name] == os.environ[name]


@pytest.mark.skipif(sys.platform != "linux", reason="waitid(2), /proc/vmstat")
def test_a_worker_that_a_process_stops_continues(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox: Inbox = queue.SimpleQueue()
    worker = start(tmp_path, monkeypatch, inbox, "kill -STOP $$; exit 3")
    stops: list[int] = []
    wait_until(lambda: bool(stops.append(worker.resume()) or stops[-1]), "the stop of the worker")
    _, message = inbox.get(timeout=30)
    assert isinstance(message, Ended)
    assert message.code == 3
    assert stops[-1] == signal.SIGSTOP
    assert worker.resume() == 0
    worker.finish()


@pytest.mark.parametrize(
    ("counts", "reason"),
    [
        ((7, 7), FailureReason.DISRUPTED),
        ((7, 8), FailureReason.OUT_OF_MEMORY),
        ((None, None), FailureReason.DISRUPTED),
    ],
)
def test_a_killed_worker_was_out_of_memory_if_the_kernel_counts_it(
    counts: tuple[int | None, int | None],
    reason: FailureReason,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    inbox: Inbox = queue.SimpleQueue()
    answers = iter(counts)
    monkeypatch.setattr("vrdata.memory.read_count", lambda _: next(answers))
    worker = start(tmp_path, monkeypatch, inbox, "kill -KILL $$")
    _, message = inbox.get(timeout=30)
    assert isinstance(message, Ended)
    failure = failure_of_worker(message)
    assert failure.reason is reason
    said = "memory ran out" if reason is FailureReason.OUT_OF_MEMORY else "memory did not run out"
    if counts[0] is None:
        said = "this system does not report whether memory ran out"
    assert f"killed by SIGKILL; {said}" in failure.message
    worker.finish()


def test_a_marker_of_a_shard_outside_the_plan_is_not_counted(tmp_path: Path) -> None:
    bench = make_bench(tmp_path, None, {"O-maze": 2})
    stray = bench.out / "_vrdata" / "commits" / "O-ghost" / "000000.json"
    stray.parent.mkdir(parents=True)
    shutil.copy(bench.out / "_vrdata" / "plan.json", stray)
    again = prepare(bench.prepared.run, bench.prepared.profile, bench.prepared.options)
    assert again.committed == set()
    assert not again.committed_samples()
