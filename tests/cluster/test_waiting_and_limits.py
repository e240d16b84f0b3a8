"""GPU requests, memory limits, and rejected runs: the reason and the fix."""

from __future__ import annotations

import json
from typing import Any

import pytest

from support.cluster.installation import SYSTEM, Installation
from support.cluster.places import NODE
from support.cluster.runs import apply, generators, run_object, start_run

pytestmark = pytest.mark.cluster

GPU = "example.com/gpu"


def profile(installed: Installation, name: str, **changes: Any) -> None:
    """A copy of the default profile with changes of its spec."""
    text = installed.node.kubectl("get", "generationprofile", "default", "-n", SYSTEM, "-o", "json")
    spec = json.loads(text)["spec"] | changes
    metadata = {"name": name, "namespace": SYSTEM}
    head = {"apiVersion": "vrdata.dev/v1alpha1", "kind": "GenerationProfile"}
    apply(installed, head | {"metadata": metadata, "spec": spec})


def devices(installed: Installation, count: int) -> None:
    """Advertise GPUs on the node; the scheduler counts them, and no driver is needed."""
    patch = [
        {"op": "add", "path": f"/status/capacity/{GPU.replace('/', '~1')}", "value": str(count)}
    ]
    installed.node.kubectl(
        *("patch", "node", NODE, "--subresource=status", "--type=json", "-p", json.dumps(patch))
    )


@pytest.fixture(scope="module")
def namespace(installed: Installation) -> str:
    return installed.namespace("waiting")


def test_a_gpu_run_has_a_reason_for_waiting_and_finishes_when_a_device_exists(
    installed: Installation, namespace: str
) -> None:
    small = {"cpu": "200m", "memory": "512Mi", "memoryCeiling": "1Gi", "ephemeralStorage": "1Gi"}
    with_gpu = small | {"gpu": {"resource": GPU, "count": 1}}
    profile(installed, "gpu", classes={"O": small, "G": with_gpu, "M": small})
    devices(installed, 0)
    spec = {"profile": "gpu", "generators": generators(G_pendulum=10, O_maze=10)}
    run = start_run(installed, namespace, "gpu", spec)
    message = run.wait_reason("Stalled", "Unschedulable")
    assert f"Insufficient {GPU}" in message
    by_class = {
        job["metadata"]["labels"]["vrdata.dev/class"]: job["spec"]["template"]["spec"]
        for job in run.jobs()
    }
    requests = {
        name: spec["containers"][0]["resources"].get("limits", {})
        for name, spec in by_class.items()
    }
    assert requests["G"][GPU] == "1"
    assert GPU not in requests["O"]
    devices(installed, 1)
    run.wait("Succeeded")


def test_a_shard_above_its_memory_limit_is_out_of_memory(
    installed: Installation, namespace: str
) -> None:
    small = {"cpu": "200m", "memory": "400Mi", "memoryCeiling": "400Mi", "ephemeralStorage": "1Gi"}
    profile(installed, "small", classes={"O": small, "G": small, "M": small})
    spec = {
        "profile": "small",
        "generators": [{"name": "O-greedy", "samples": 10, "args": ["--armed"]}],
        "failurePolicy": {"retries": 0},
    }
    run = start_run(installed, namespace, "greedy", spec)
    run.wait("Finished")
    status = run.status()
    assert status["phase"] == "Failed"
    assert [group["reason"] for group in status["failures"]] == ["OutOfMemory"], status["failures"]
    assert status["failures"][0]["generator"] == "O-greedy"
    assert status["samples"]["failed"] == 10


def test_a_retry_with_more_memory_succeeds(installed: Installation, namespace: str) -> None:
    small = {"cpu": "200m", "memory": "700Mi", "memoryCeiling": "3Gi", "ephemeralStorage": "1Gi"}
    profile(installed, "growing", classes={"O": small, "G": small, "M": small})
    spec = {
        "profile": "growing",
        "generators": [{"name": "O-greedy", "samples": 10, "args": ["--armed"]}],
        "failurePolicy": {"retries": 2},
    }
    run = start_run(installed, namespace, "ladder", spec)
    run.wait("Succeeded")
    assert run.status()["waves"] >= 2


def test_a_crashing_generator_is_quoted_and_the_failure_budget_applies(
    installed: Installation, namespace: str
) -> None:
    spec = {
        "generators": [
            {"name": "O-failing", "samples": 20, "args": ["--armed"]},
            {"name": "O-maze", "samples": 10},
        ],
        "failurePolicy": {"retries": 0, "maxFailedSamples": 12},
        "shardSize": 10,
    }
    run = start_run(installed, namespace, "budget", spec)
    run.wait("Finished")
    assert run.condition("Succeeded")["reason"] == "WithinFailureBudget", run.status()
    samples = run.status()["samples"]
    assert samples["succeeded"] + samples["failed"] == 30
    checked = run.verify()
    assert (checked["samples"], checked["failedSamples"]) == (
        samples["succeeded"],
        samples["failed"],
    )


@pytest.mark.parametrize(
    ("name", "spec", "reason", "words"),
    [
        ("noprofile", {"profile": "nobody"}, "UnknownProfile", "'nobody'"),
        ("nogenerator", {"generators": [{"name": "O-maize"}]}, "UnknownGenerator", "O-maze"),
        (
            "toomany",
            {"samples": 10_000_000, "generators": [{"name": "O-maze"}, {"name": "G-*"}]},
            "TooManySamples",
            "Request fewer samples",
        ),
        ("noqueue", {"queueName": "fast"}, "QueueNotAllowed", "fast"),
        ("wide", {"parallelism": 5000}, "TooMuchParallelism", "5000"),
    ],
)
def test_a_rejected_run_has_a_reason_and_creates_no_job(
    installed: Installation,
    namespace: str,
    name: str,
    spec: dict[str, Any],
    reason: str,
    words: str,
) -> None:
    whole = {"samples": 10, "generators": [{"name": "O-maze"}]} | spec
    run = start_run(installed, namespace, name, whole)
    message = run.wait_reason("Accepted", reason)
    assert words in message
    assert run.jobs() == []
    assert run.status()["phase"] == "Pending"
    run.delete()


def test_a_missing_secret_is_named(installed: Installation) -> None:
    installed.node.kubectl("create", "namespace", "bare")
    run = start_run(installed, "bare", "demo", {"samples": 10, "generators": [{"name": "O-maze"}]})
    assert '"s3"' in run.wait_reason("Stalled", "MissingSecret")
    installed.secret("bare")
    run.wait("Succeeded")


def test_a_full_quota_is_named(installed: Installation) -> None:
    name = installed.namespace("quota")
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "none", "namespace": name},
        "spec": {"hard": {"pods": "0"}},
    }
    apply(installed, quota)
    run = start_run(installed, name, "demo", {"samples": 10, "generators": [{"name": "O-maze"}]})
    assert "exceeded quota" in run.wait_reason("Stalled", "QuotaExceeded")
    run.delete()


def test_two_namespaces_may_use_the_same_name(installed: Installation) -> None:
    spaces = [installed.namespace(name) for name in ("left", "right")]
    runs = [
        start_run(installed, space, "same", {"seed": seed, "generators": generators(O_maze=20)})
        for seed, space in enumerate(spaces)
    ]
    for run in runs:
        run.wait("Succeeded")
    first, second = (run.verify()["datasetHash"] for run in runs)
    assert first != second
    assert runs[0].url != runs[1].url


def test_a_dry_run_and_a_diff_are_clean(installed: Installation, namespace: str) -> None:
    run = run_object("checked", namespace, {"samples": 10, "generators": [{"name": "O-nobody"}]})
    apply(installed, run)
    again = apply(installed, run)
    assert "unchanged" in again
    installed.node.kubectl("delete", "genrun", "checked", "-n", namespace)
