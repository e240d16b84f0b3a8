"""A pod whose store cannot be used: it waits, and then ends for the store and for nothing else."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from support.memorystore import MemoryStore
from support.services.s3server import free_port
from vrdata.contract.pod import (
    INDEX_VARIABLE,
    VARIABLE,
    FinalisePod,
    IndexPod,
    PodTask,
    ShardPod,
    read_termination_message,
)
from vrdata.contract.reasons import FailureReason, WorkerExit
from vrdata.contract.worker import StoreSettings, WorkerConfig
from vrdata.errors import InvalidInputError, NotFoundError, UsageError, VrdataError
from vrdata.store.port import (
    ObjectNotFoundError,
    StorageError,
    StoreAccessError,
    StoreUnreachableError,
)
from vrdata_worker.failures import failure_of_process
from vrdata_worker.pod import main


def tasks(store: StoreSettings) -> dict[str, PodTask]:
    config = WorkerConfig(store=store, prefix="team/demo/", plan="sha256:" + "0" * 64)
    return {
        "shard": PodTask(shard=ShardPod(config=config, wave=0)),
        "index": PodTask(index=IndexPod(config=config)),
        "finalise": PodTask(finalise=FinalisePod(config=config)),
    }


class Unusable(MemoryStore):
    """Answers each request with an error."""

    def __init__(self, error: VrdataError) -> None:
        super().__init__()
        self._error = error

    def get(self, key: str) -> bytes:
        self.requests[key] += 1
        raise self._error


@pytest.mark.parametrize("task", ["shard", "index", "finalise"])
@pytest.mark.parametrize(
    "error",
    [
        StoreAccessError("cannot read it", why="the server does not know the access key"),
        StoreUnreachableError("cannot read it", why="connection refused"),
    ],
    ids=["wrong keys", "unreachable"],
)
def test_a_pod_that_has_waited_in_vain_ends_for_its_store(
    task: str, error: VrdataError, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, message = Unusable(error), tmp_path / "termination"
    message.touch()
    monkeypatch.setattr("vrdata_worker.run.open_settings", lambda *_, **__: store)
    for name in ("UNREACHABLE_SECONDS", "REFUSED_SECONDS", "QUIET_SECONDS"):
        monkeypatch.setattr(f"vrdata.store.patient.{name}", 0.3)
    monkeypatch.setattr("vrdata.store.patient.PAUSES", (0.05, 0.1))
    monkeypatch.setenv(VARIABLE, tasks(StoreSettings(url="x"))[task].to_json().decode())
    monkeypatch.setenv(INDEX_VARIABLE, "0")
    monkeypatch.setenv("VRDATA_TERMINATION_LOG", str(message))
    assert main() == WorkerExit.STORAGE_UNAVAILABLE
    failure = read_termination_message(message.read_text())
    assert failure is not None
    assert failure.reason is FailureReason.STORAGE_UNAVAILABLE
    assert error.why in failure.message
    assert store.requests.total() >= 4


@pytest.mark.slow
@pytest.mark.parametrize("task", ["shard", "finalise"])
def test_sigterm_ends_a_pod_that_waits_for_its_store(task: str, tmp_path: Path) -> None:
    gone = StoreSettings(url="s3://bucket/x", endpoint=f"http://127.0.0.1:{free_port()}")
    message = tmp_path / "termination"
    message.touch()
    variables = {
        VARIABLE: tasks(gone)[task].to_json().decode(),
        INDEX_VARIABLE: "0",
        "VRDATA_TERMINATION_LOG": str(message),
        "AWS_ACCESS_KEY_ID": "any",
        "AWS_SECRET_ACCESS_KEY": "any",
        "NO_PROXY": "127.0.0.1",
    }
    pod = subprocess.Popen(
        [sys.executable, "-m", "vrdata_worker.pod"],
        env=os.environ | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert pod.stdout is not None
    waits = json.loads(pod.stdout.readline())
    assert waits["kind"] == "StoreWait"
    assert waits["limit"] == 300
    pod.send_signal(signal.SIGTERM)
    pod.communicate(timeout=10)
    assert pod.returncode == WorkerExit.PREEMPTED
    failure = read_termination_message(message.read_text())
    assert failure is not None
    assert failure.reason is FailureReason.PREEMPTED


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ObjectNotFoundError("no object"), FailureReason.OUTPUT_CHANGED),
        (StorageError("the disk is full"), FailureReason.STORAGE_UNAVAILABLE),
        (StoreAccessError("wrong keys"), FailureReason.STORAGE_UNAVAILABLE),
        (NotFoundError("there is no catalogue file"), FailureReason.CONTRACT_MISMATCH),
        (InvalidInputError("not a catalogue"), FailureReason.CONTRACT_MISMATCH),
        (UsageError("the endpoint is not a URL"), FailureReason.CONTRACT_MISMATCH),
    ],
    ids=lambda one: type(one).__name__,
)
def test_only_the_store_is_called_unavailable(error: VrdataError, reason: FailureReason) -> None:
    assert failure_of_process(error).reason is reason
