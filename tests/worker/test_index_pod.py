"""The pod of an Indexed Job that writes the index of one generator of a large run."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.builders import build_run, make_plan
from vrdata.contract.pod import INDEX_VARIABLE, VARIABLE, IndexPod, PodTask
from vrdata.contract.reasons import WorkerExit
from vrdata.contract.worker import StoreSettings, WorkerConfig
from vrdata.dataset import layout
from vrdata.store.opening import PrefixedStore, open_store
from vrdata_worker.pod import main


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
