"""A shard is uploaded while the next is generated; a failure must not stop the upload."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from pathlib import Path

import pytest

from support.builders import make_plan
from support.memorystore import MemoryStore
from vrdata.contract.reasons import WorkerExit
from vrdata.contract.worker import ShardTask, StoreSettings, WorkerConfig
from vrdata_worker.supervisor import Supervisor


def test_an_upload_behind_a_failed_shard_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = make_plan({"O-1_maze": 10})
    config = WorkerConfig(store=StoreSettings(url="memory"), prefix="", plan=plan.hash)
    supervisor = Supervisor(config, plan, MemoryStore(), {}, tmp_path, lambda _: None)
    upload: Future[WorkerExit] = Future()

    def one(task: ShardTask) -> WorkerExit:
        if task.shard == 0:
            return WorkerExit.GENERATOR_FAILED
        monkeypatch.setattr(supervisor, "_upload", upload)
        threading.Timer(0.3, upload.set_result, [WorkerExit.COMMITTED]).start()
        return WorkerExit.COMMITTED

    monkeypatch.setattr(supervisor, "_one", one)
    code = supervisor.run([ShardTask(generator="O-1_maze", shard=shard) for shard in (0, 1)])
    assert upload.done()
    assert code == WorkerExit.GENERATOR_FAILED
    supervisor.close()
