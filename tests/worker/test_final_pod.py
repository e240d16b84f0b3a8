"""The pods that finalise a run: what they write, and the reasons that decide about another try."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from support.builders import build_run, make_plan
from support.objects import put
from vrdata.contract.pod import (
    INDEX_VARIABLE,
    VARIABLE,
    WAIT_VARIABLE,
    FinalisePod,
    IndexPod,
    PodTask,
    read_termination_message,
)
from vrdata.contract.reasons import FailureReason, WorkerExit
from vrdata.contract.worker import StoreSettings, WorkerConfig
from vrdata.dataset import layout
from vrdata.store.opening import PrefixedStore, open_store
from vrdata.store.port import ObjectStore
from vrdata_worker.pod import main

PLAN = make_plan({"O-1_maze": 4})
FIRST = ("O-1_maze", 0)


def delete_marker(store: ObjectStore) -> None:
    store.delete(layout.commit_key(*FIRST))


def damage_marker(store: ObjectStore) -> None:
    body = store.get(layout.commit_key(*FIRST))
    store.delete(layout.commit_key(*FIRST))
    put(store, layout.commit_key(*FIRST), body[: len(body) // 2])


def delete_data(store: ObjectStore) -> None:
    store.delete(layout.shard_tar_key(*FIRST))


def other_marker(store: ObjectStore) -> None:
    put(store, layout.commit_key("O-1_maze", 99), store.get(layout.commit_key(*FIRST)))


def other_success(store: ObjectStore) -> None:
    put(store, layout.SUCCESS, b"sha256:" + b"0" * 64 + b"\n")


@pytest.mark.parametrize(
    ("damage", "reason", "code"),
    [
        (delete_marker, FailureReason.INCOMPLETE_RUN, WorkerExit.STORAGE_UNAVAILABLE),
        (delete_data, FailureReason.INCOMPLETE_RUN, WorkerExit.STORAGE_UNAVAILABLE),
        (damage_marker, FailureReason.DAMAGED_MARKER, WorkerExit.GENERATOR_FAILED),
        (other_marker, FailureReason.OUTPUT_CONFLICT, WorkerExit.CONTRACT_MISMATCH),
        (other_success, FailureReason.OUTPUT_CONFLICT, WorkerExit.CONTRACT_MISMATCH),
    ],
)
def test_what_finalisation_finds_has_a_reason_of_its_own(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    damage: Callable[[ObjectStore], None],
    reason: FailureReason,
    code: WorkerExit,
) -> None:
    store = run_store(tmp_path)
    build_run(store, PLAN)
    damage(store)
    message = prepare_pod(tmp_path, monkeypatch)
    assert main() == code
    failure = read_termination_message(message.read_text())
    assert failure is not None
    assert failure.reason is reason
    assert failure.message


def test_a_pod_that_starts_early_waits_for_the_last_shards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = run_store(tmp_path)
    build_run(store, PLAN)
    key = layout.commit_key(*FIRST)
    body = store.get(key)
    store.delete(key)
    prepare_pod(tmp_path, monkeypatch)
    monkeypatch.setenv(WAIT_VARIABLE, "60")
    monkeypatch.setattr("time.sleep", lambda _seconds: put(store, key, body))  # it is committed
    assert main() == WorkerExit.COMMITTED
    assert store.head(layout.SUCCESS) is not None


def test_a_pod_that_waited_too_long_is_not_charged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = run_store(tmp_path)
    build_run(store, PLAN)
    delete_marker(store)
    message = prepare_pod(tmp_path, monkeypatch)
    monkeypatch.setenv(WAIT_VARIABLE, "0.1")
    main()
    failure = read_termination_message(message.read_text())
    assert failure is not None
    assert (failure.reason, failure.reason.charged) == (FailureReason.DISRUPTED, False)
    assert "the last shards were not committed within" in failure.message


def run_store(tmp_path: Path) -> ObjectStore:
    return PrefixedStore(open_store(str(tmp_path / "store")), "team/demo/")


def prepare_pod(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Set the variables of a pod that finalises; returns its termination log."""
    message = tmp_path / "termination"
    message.touch()
    settings = StoreSettings(url=str(tmp_path / "store"))
    config = WorkerConfig(store=settings, prefix="team/demo/", plan=PLAN.hash)
    monkeypatch.setenv(VARIABLE, PodTask(finalise=FinalisePod(config=config)).to_json().decode())
    monkeypatch.setenv("VRDATA_TERMINATION_LOG", str(message))
    return message


def test_a_pod_writes_the_index_of_the_generator_at_its_completion_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = PrefixedStore(open_store(str(tmp_path)), "team/demo/")
    plan = make_plan({"O-1_maze": 3, "O-2_rooms": 2})
    build_run(store, plan)
    config = WorkerConfig(
        store=StoreSettings(url=str(tmp_path)), prefix="team/demo/", plan=plan.hash
    )
    task = PodTask(index=IndexPod(config=config))
    monkeypatch.setenv(VARIABLE, task.to_json().decode())
    monkeypatch.setenv(INDEX_VARIABLE, "1")
    for _ in range(2):  # a pod that was killed after its work is started again
        assert main() == WorkerExit.COMMITTED
    assert [info.key for info in store.list_after(layout.INDEX)] == [layout.index_key("O-2_rooms")]
