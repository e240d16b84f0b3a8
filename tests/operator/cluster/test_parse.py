"""Objects of the API server as facts, and the operator's settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from vrdata.errors import UsageError
from vrdata_operator.cluster.parse import job_facts, pod_facts
from vrdata_operator.settings import from_environment
from vrdata_operator.state.facts import index_set

LABELS = {"vrdata.dev/task": "shard", "vrdata.dev/wave": "3"}


def job(**status: Any) -> dict[str, Any]:
    owner = {"uid": "uid-1", "controller": True}
    metadata = {"name": "j", "labels": LABELS, "ownerReferences": [{"uid": "x"}, owner]}
    return {"metadata": metadata, "spec": {"parallelism": 4}, "status": status}


def test_a_new_job_has_no_completed_indexes() -> None:
    found = job_facts(job())
    assert (found.wave, found.task, found.parallelism) == (3, "shard", 4)
    assert (found.active, found.completed, found.failed) == (0, frozenset(), frozenset())
    assert (found.finished, found.suspended) == (False, False)
    assert found.owner_uid == "uid-1"


def test_index_sets_are_parsed() -> None:
    found = job_facts(job(completedIndexes="0,2-4", failedIndexes="1", active=2, ready=1))
    assert found.completed == {0, 2, 3, 4}
    assert found.failed == {1}
    assert (found.active, found.ready) == (2, 1)
    assert index_set(None) == frozenset()


@pytest.mark.parametrize(
    ("kind", "status", "finished", "succeeded"),
    [
        ("Complete", "True", True, True),
        ("Failed", "True", True, False),
        ("Failed", "False", False, False),
        ("FailureTarget", "True", False, False),
        ("SuccessCriteriaMet", "True", False, False),
        ("Suspended", "True", False, False),
    ],
)
def test_a_job_has_ended_only_when_its_pods_have_ended(
    kind: str, status: str, finished: bool, succeeded: bool
) -> None:
    """FailureTarget and SuccessCriteriaMet are set while pods still run."""
    found = job_facts(job(conditions=[{"type": kind, "status": status, "reason": "Why"}]))
    assert (found.finished, found.succeeded) == (finished, succeeded)
    assert found.reason == ("Why" if finished else "")


def test_a_job_without_a_controller_has_no_owner() -> None:
    body = job()
    del body["metadata"]["ownerReferences"]
    assert job_facts(body).owner_uid == ""


def pod(**status: Any) -> dict[str, Any]:
    labels = {
        "batch.kubernetes.io/job-name": "j",
        "batch.kubernetes.io/job-completion-index": "7",
    }
    return {"metadata": {"name": "p", "labels": labels}, "status": status}


def test_a_failed_pod_reports_how_it_ended() -> None:
    ended = {"reason": "OOMKilled", "exitCode": 137, "message": "words"}
    found = pod_facts(pod(phase="Failed", containerStatuses=[{"state": {"terminated": ended}}]))
    assert (found.job, found.index, found.phase) == ("j", 7, "Failed")
    assert (found.terminated, found.exit_code, found.termination_message) == (
        "OOMKilled",
        137,
        "words",
    )
    assert not found.disrupted


def test_a_disrupted_pod_differs_from_a_failed_one() -> None:
    conditions = [{"type": "DisruptionTarget", "status": "True"}]
    assert pod_facts(pod(phase="Failed", reason="Evicted", conditions=conditions)).disrupted


def test_a_pod_that_the_kubelet_has_not_seen_is_pending() -> None:
    found = pod_facts(pod())
    assert (found.phase, found.reason, found.waiting, found.termination_message) == (
        "Pending",
        "",
        "",
        "",
    )


def test_settings_have_defaults_except_for_the_namespace() -> None:
    found = from_environment({"VRDATA_NAMESPACE": "system"})
    assert (found.home.namespace, found.watch, found.profiles) == ("system", (), None)
    assert (found.metrics_port, found.health_port, found.per_generator) == (9090, 8080, True)


def test_settings_are_read() -> None:
    found = from_environment(
        {
            "VRDATA_NAMESPACE": "system",
            "VRDATA_WATCH_NAMESPACES": "red,,blue",
            "VRDATA_METRICS_PORT": "1",
            "VRDATA_PER_GENERATOR_METRICS": "false",
            "VRDATA_PROFILES": "/etc/profiles.yaml",
        }
    )
    assert found.watch == ("red", "blue")
    assert (found.metrics_port, found.per_generator) == (1, False)
    assert found.profiles == Path("/etc/profiles.yaml")


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"VRDATA_NAMESPACE": "s", "VRDATA_METRICS_PORT": "many"},
        {"VRDATA_NAMESPACE": "s", "VRDATA_HEALTH_PORT": "70000"},
    ],
)
def test_invalid_settings_are_named(variables: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="VRDATA_") as raised:
        from_environment(variables)
    assert raised.value.fix


def test_a_disrupted_pod_has_the_reason_of_the_disruption() -> None:
    condition = {
        "type": "DisruptionTarget",
        "status": "True",
        "reason": "DeletionByTaintManager",
        "message": "Taint manager: deleting due to NoExecute taint",
    }
    ended = {"exitCode": 137, "finishedAt": "2026-11-20T08:00:00Z"}
    status = {"phase": "Failed", "conditions": [condition]}
    status |= {"containerStatuses": [{"state": {"terminated": ended}}]}
    found = pod_facts({"metadata": {"name": "p"}, "status": status})
    assert (found.disrupted, found.reason) == (True, "DeletionByTaintManager")
    assert found.message.startswith("Taint manager")
    assert found.ended == "2026-11-20T08:00:00Z"


@pytest.mark.parametrize(("phase", "terminating"), [("Running", True), ("Failed", False)])
def test_a_deleted_pod_is_terminating_until_it_has_ended(phase: str, terminating: bool) -> None:
    ready = {"type": "Ready", "status": "False", "reason": "NodeStatusUnknown"}
    body = {
        "metadata": {"name": "p", "deletionTimestamp": "2026-11-20T08:00:30Z"},
        "spec": {"nodeName": "lost"},
        "status": {"phase": phase, "conditions": [ready]},
    }
    found = pod_facts(body)
    assert (found.terminating, found.ready, found.node) == (terminating, False, "lost")
    assert job_facts(job(terminating=2)).terminating == 2
