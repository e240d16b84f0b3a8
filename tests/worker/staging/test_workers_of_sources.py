"""A worker process that reads a source: it waits for it, stops immediately, and imports little."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from support.memorystore import MemoryStore
from support.services.s3server import free_port
from support.sources.fake import NAME, files_as_items, numbered, planned, store_list
from vrdata.contract.reasons import WorkerExit
from vrdata.contract.worker import StoreSettings, WorkerConfig
from vrdata.dataset import layout
from vrdata.plan.planned import Plan, PlannedOutput
from vrdata_worker.image.catalogues import locate

_UNUSED = """
import sys
from pathlib import Path

import vrdata_worker.pod
import vrdata_worker.serve
from support.memorystore import MemoryStore
from vrdata.plan.planned import PlannedGenerator
from vrdata_worker.staging.current import CurrentSource

maze = PlannedGenerator(
    name="O-maze", generator_class="O", digest="x", samples=1, block_size=1, shard_blocks=1
)
assert CurrentSource(MemoryStore(), Path(), 0, print).get(maze) is None
heavy = {"pyarrow", "huggingface_hub", "boto3", "numpy", "vrdata.sources.opening"}
print(sorted(heavy & set(sys.modules)))
"""


def test_a_worker_without_converters_imports_no_source_and_no_pyarrow() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _UNUSED],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.strip() == "[]"


def begun(folder: Path) -> WorkerConfig:
    """A run of M-import whose source is a bucket of a server that does not run."""
    memory = MemoryStore()
    pinned = store_list(memory, files_as_items(numbered(3))).model_copy(
        update={"url": "s3://gone/puzzles/"}
    )
    digest = locate(())["M-import"].entry.digest
    generator = planned(pinned).model_copy(update={"digest": digest})
    plan = Plan(
        namespace="default",
        run="demo",
        seed=1,
        output=PlannedOutput(format="files", video="h264"),
        generators=(generator,),
    )
    for key, body in {**memory.objects, layout.PLAN: plan.to_json()}.items():
        path = folder / "out/demo" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    (folder / "scratch").mkdir()
    return WorkerConfig(
        store=StoreSettings(url=str(folder / "out")),
        prefix="demo/",
        plan=plan.hash,
        scratch=str(folder / "scratch"),
    )


def started(folder: Path) -> subprocess.Popen[str]:
    (folder / "worker.json").write_bytes(begun(folder).to_json())
    command = [sys.executable, "-m", "vrdata_worker", "--config", str(folder / "worker.json")]
    variables = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{free_port()}",
        "AWS_ACCESS_KEY_ID": "any",
        "AWS_SECRET_ACCESS_KEY": "any",
        "NO_PROXY": "127.0.0.1",
    }
    return subprocess.Popen(
        [*command, "--shard", f"{NAME}:0"],
        env=os.environ | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def message_of(worker: subprocess.Popen[str], kind: str) -> dict[str, Any]:
    """The next message of a kind."""
    assert worker.stdout is not None
    for line in worker.stdout:
        found: dict[str, Any] = json.loads(line)
        if found["kind"] == kind:
            return found
    raise AssertionError(worker.communicate()[1])


@pytest.mark.slow
def test_sigterm_ends_a_worker_that_waits_for_its_source(tmp_path: Path) -> None:
    worker = started(tmp_path)
    waits = message_of(worker, "StoreWait")
    assert (waits["source"], waits["limit"]) == (NAME, 300)
    worker.send_signal(signal.SIGTERM)
    _, err = worker.communicate(timeout=10)
    assert worker.returncode == WorkerExit.PREEMPTED
    assert "Traceback" not in err
    assert list((tmp_path / "scratch").iterdir()) == []
