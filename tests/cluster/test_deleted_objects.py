"""Each object of a run, deleted while it runs and after its end, on the node.

A run whose status says "Succeeded" has every byte, whatever was deleted. All cells share one run:
before each cell it is whole, and before each cell of a running run half of it is missing.
"""

from __future__ import annotations

import json

import pytest

from chaos.audits.audit import Undisturbed, audit, undisturbed
from chaos.node.disturbance import Disturbance
from chaos.schedule import Step
from support.cluster.installation import Installation
from support.cluster.runs import start_run
from support.cluster.waiting import wait_for

pytestmark = pytest.mark.cluster

SHARDS = 6
SPEC = {
    "parallelism": 3,
    "shardSize": 2,
    "generators": [{"name": "O-maze", "samples": 2 * SHARDS, "blockSize": 2}],
    "failurePolicy": {"retries": 0},
}
OUTPUTS = ("index", "dataset.json", "_SUCCESS")
CELLS = (
    *(("plan",), ("wave file",), ("marker",), ("data object",), OUTPUTS),
    *(("Job",), ("pod",), ("run object",)),
)
"""What is deleted together. tests/operator/test_healing.py has each object alone."""


@pytest.fixture(scope="module")
def disturbance(installed: Installation) -> Disturbance:
    """A finished run."""
    run = start_run(installed, installed.namespace("deleted-objects"), "demo", SPEC)
    run.wait("Succeeded")
    return Disturbance(run, SPEC)


@pytest.fixture(scope="module")
def calm(disturbance: Disturbance) -> Undisturbed:
    found = undisturbed(disturbance.stored.store)
    assert found.dataset_hash == disturbance.run.status()["datasetHash"]
    return found


def must_end_whole(disturbance: Disturbance, calm: Undisturbed) -> None:
    """The run succeeds, and its status and its bytes are those of the undisturbed run."""
    run = disturbance.run
    run.wait("Finished")
    status = run.status()
    assert run.condition("Succeeded")["status"] == "True", json.dumps(status, indent=1)
    found = audit(disturbance.files.store, calm)
    assert found == [], [str(one) for one in found]
    assert status["datasetHash"] == calm.dataset_hash
    assert status["shards"]["succeeded"] == SHARDS


@pytest.mark.parametrize("cell", CELLS, ids=", ".join)
def test_what_is_deleted_after_the_end_is_restored_when_the_run_is_applied_again(
    disturbance: Disturbance, calm: Undisturbed, cell: tuple[str, ...]
) -> None:
    for name in cell:
        disturbance.do(Step(f"delete {name}", 0, 0.5))
    disturbance.apply_again()
    must_end_whole(disturbance, calm)


@pytest.mark.parametrize("cell", CELLS, ids=", ".join)
def test_what_is_deleted_while_the_run_is_running_is_restored_at_the_end(
    disturbance: Disturbance, calm: Undisturbed, cell: tuple[str, ...]
) -> None:
    stored = disturbance.stored
    disturbance.run.delete()
    for kind in ("marker", "data object"):
        for key in stored.keys(kind)[: SHARDS // 2]:
            stored.store.delete(key)
    disturbance.apply()
    wait_for(lambda: bool(disturbance.pods()), "a running pod", 120)
    for name in cell:
        disturbance.do(Step(f"delete {name}", 0, 0.99))
    must_end_whole(disturbance, calm)
