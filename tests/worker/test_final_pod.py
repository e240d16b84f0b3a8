"""The pod that finalises a run names the reason by which the operator decides about another try."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from support.builders import build_run, make_plan
from support.objects import put
from vrdata.contract.pod import VARIABLE, FinalisePod, PodTask, read_termination_message
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
    store = PrefixedStore(open_store(str(tmp_path / "store")), "team/demo/")
    build_run(store, PLAN)
    damage(store)
    message = tmp_path / "termination"
    message.touch()
    settings = StoreSettings(url=str(tmp_path / "store"))
    config = WorkerConfig(store=settings, prefix="team/demo/", plan=PLAN.hash)
    monkeypatch.setenv(VARIABLE, PodTask(finalise=FinalisePod(config=config)).to_json().decode())
    monkeypatch.setenv("VRDATA_TERMINATION_LOG", str(message))
    assert main() == code
    failure = read_termination_message(message.read_text())
    assert failure is not None
    assert failure.reason is reason
    assert failure.message
