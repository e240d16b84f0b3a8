"""Finalisation is disturbed, definitions and runs are deleted: runs end, and are served again."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from support.cluster.installation import SYSTEM, Installation
from support.cluster.parts.storage import outage, stopped
from support.cluster.runs import Run, generators, operator_pod, run_object, start_run
from support.cluster.waiting import wait_for

pytestmark = pytest.mark.cluster

SPEC = {"parallelism": 2, "shardSize": 10, "generators": generators(O_maze=20)}
DELETES = 6  # tests/operator/policy/test_finalisation.py has more of them, without the pauses
OUTAGE_SECONDS = 60
TOLD_SECONDS = 15  # until the status has the reason of a pause
DEFINITION = "generationruns.vrdata.dev"


def finalisation_pods(run: Run) -> list[str]:
    """Names of the pods of finalisation that are not deleted yet."""
    pods = run.pods("status.phase!=Succeeded", labels="vrdata.dev/task=finalise")
    return [pod["metadata"]["name"] for pod in pods if "deletionTimestamp" not in pod["metadata"]]


def shown(run: Run) -> str:
    """The line of `kubectl get -o wide`."""
    words = ("get", "generationrun", run.name, "-n", run.namespace, "-o", "wide", "--no-headers")
    return run.installed.node.kubectl(*words)


def test_deleted_pods_of_finalisation_do_not_fail_a_run(installed: Installation) -> None:
    namespace = installed.namespace("drained")
    # A pod that has done its work before it is deleted ends a run early: it shows nothing.
    runs = (start_run(installed, namespace, f"demo-{attempt}", SPEC) for attempt in range(4))
    run = next((one for one in runs if _deletes_pods(one)), None)
    assert run is not None, "each run was finished before its pods could be deleted"
    # The last pause is longer than the status may be late.
    wait_for(lambda: "FinalisationPaused" in shown(run), "a reason", TOLD_SECONDS)
    run.wait("Finished")
    assert run.condition("Succeeded")["status"] == "True", run.status()
    assert run.verify()["samples"] == 20


def _deletes_pods(run: Run) -> bool:
    """Whether as many pods as wanted could be deleted before the run was finished."""
    node = run.installed.node
    for _ in range(DELETES):
        wait_for(
            lambda: bool(finalisation_pods(run)) or _is_finished(run), "a new pod", 120, run.events
        )
        if _is_finished(run):
            return False
        # No pod ends its work before it is gone.
        with stopped(run.installed.bucket):
            words = ("-l", "vrdata.dev/task=finalise", "--grace-period=1", "--timeout=60s")
            node.kubectl("delete", "pods", "-n", run.namespace, *words)
    return True


def _is_finished(run: Run) -> bool:
    return run.condition("Finished").get("status") == "True"


def test_a_store_that_is_down_while_a_run_is_finalised_does_not_fail_it(
    installed: Installation,
) -> None:
    run = start_run(installed, installed.namespace("outage"), "demo", SPEC)
    wait_for(lambda: bool(finalisation_pods(run)), "a pod of finalisation", 120, run.events)
    begun = time.monotonic()
    with outage(installed.node.processes, installed.bucket):
        wait_for(lambda: "StorageUnavailable" in shown(run), "a reason", TOLD_SECONDS)
        time.sleep(OUTAGE_SECONDS - (time.monotonic() - begun))
    run.wait("Finished")
    assert run.condition("Succeeded")["status"] == "True", run.status()
    assert run.verify()["samples"] == 20


def test_a_running_run_is_deleted_within_seconds(installed: Installation) -> None:
    run = start_run(installed, installed.namespace("gone"), "demo", SPEC)
    wait_for(lambda: bool(run.jobs()), "a Job", 60)
    begun = time.monotonic()
    run.delete()
    assert time.monotonic() - begun < 5  # kopf's own delay is 10 s


def test_a_definition_that_is_created_again_is_served_without_a_restart(
    installed: Installation, tmp_path: Path
) -> None:
    node, namespace = installed.node, installed.namespace("defined")
    run = start_run(installed, namespace, "before", SPEC)
    wait_for(lambda: bool(run.jobs()), "the run is served", 60)
    pod = operator_pod(installed)
    definition: dict[str, Any] = json.loads(node.kubectl("get", "crd", DEFINITION, "-o", "json"))
    del definition["status"]
    for field in ("uid", "resourceVersion", "creationTimestamp", "generation", "managedFields"):
        definition["metadata"].pop(field, None)
    path = tmp_path / "definition.json"
    path.write_text(json.dumps(definition))
    node.kubectl("delete", "crd", DEFINITION, "--timeout=60s")
    wait_for(lambda: not _is_ready(installed), "the operator is not ready", 60)
    with pytest.raises(AssertionError):
        installed.helm("test", "vrdata", "-n", SYSTEM)
    output = node.kubectl("logs", "vrdata-doctor", "-n", SYSTEM)
    assert "FAILED operator:" in output, output
    node.kubectl("create", "-f", path)
    node.kubectl("wait", "--for=condition=Established", f"crd/{DEFINITION}", "--timeout=30s")
    begun = time.monotonic()
    again = Run(installed, namespace, "after")
    body = tmp_path / "run.json"
    body.write_text(json.dumps(run_object("after", namespace, SPEC)))
    wait_for(lambda: "created" in node.kubectl("create", "-f", body, check=False), "a run", 30)
    wait_for(lambda: bool(again.status()), "the new run is served", 30, run.events)
    assert time.monotonic() - begun < 30
    wait_for(lambda: _is_ready(installed), "the operator is ready", 30)
    again.wait("Succeeded")
    now = operator_pod(installed)
    assert now["metadata"]["uid"] == pod["metadata"]["uid"]
    assert _restarts(now) == _restarts(pod)


def _is_ready(installed: Installation) -> bool:
    conditions = operator_pod(installed)["status"]["conditions"]
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def _restarts(pod: dict[str, Any]) -> int:
    return int(pod["status"]["containerStatuses"][0]["restartCount"])
