"""Before `helm uninstall`: the operator stops and its finalizers are removed, on a real server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from support.cluster.api import ApiServer
from support.lives import run_object
from vrdata_operator.admin import uninstall
from vrdata_operator.cluster import rest as rest_module
from vrdata_operator.cluster.adapter import KubernetesCluster
from vrdata_operator.cluster.rest import Rest
from vrdata_operator.state.names import FINALIZER

pytestmark = pytest.mark.cluster

T = TypeVar("T")
SYSTEM = "vrdata-system"
LABELS = {"app": "operator"}
POD = {"containers": [{"name": "one", "image": "none"}]}


@pytest.fixture(scope="module", autouse=True)
def namespaces(server: ApiServer) -> None:
    """The namespaces that the tests use."""
    for name in (SYSTEM, "team", "other"):
        assert server.kubectl("create", "ns", name).returncode == 0


def with_client(
    server: ApiServer, monkeypatch: pytest.MonkeyPatch, work: Callable[[Rest], Awaitable[T]]
) -> T:
    """Call `work` with a client that is connected to the server."""
    monkeypatch.setenv("KUBECONFIG", str(server.kubeconfig))

    async def connected() -> T:
        rest = Rest()
        await rest.open()
        try:
            return await work(rest)
        finally:
            await rest.close()

    return asyncio.run(connected())


def a_run(server: ApiServer, name: str, namespace: str, *finalizers: str) -> None:
    body = run_object(name, namespace)
    body["metadata"]["finalizers"] = list(finalizers)
    accepted, message = server.apply(body)
    assert accepted, message


def finalizers(server: ApiServer, name: str, namespace: str) -> list[str]:
    found = server.kubectl("get", "generationrun", name, "-n", namespace, "-o", "json")
    assert found.returncode == 0, found.stderr
    return list(json.loads(found.stdout)["metadata"].get("finalizers", ()))


def test_runs_lose_the_operators_finalizer_and_no_other(
    server: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_run(server, "held", "team", "example.com/else", FINALIZER)
    a_run(server, "free", "team")
    assert with_client(server, monkeypatch, lambda rest: uninstall.release(rest, ())) == 1
    assert finalizers(server, "held", "team") == ["example.com/else"]
    assert with_client(server, monkeypatch, lambda rest: uninstall.release(rest, ())) == 0
    # Other tests delete definitions, which would wait for this finalizer.
    free = '{"metadata": {"finalizers": null}}'
    server.kubectl("patch", "generationrun", "held", "-n", "team", "--type=merge", "-p", free)


def test_runs_of_other_namespaces_are_not_changed(
    server: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_run(server, "mine", "team", FINALIZER)
    a_run(server, "theirs", "other", FINALIZER)
    assert with_client(server, monkeypatch, lambda rest: uninstall.release(rest, ("team",))) == 1
    assert finalizers(server, "theirs", "other") == [FINALIZER]


def test_a_run_that_waits_for_its_finalizer_is_deleted(
    server: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_run(server, "leaving", "team", FINALIZER)
    server.kubectl("delete", "generationrun", "leaving", "-n", "team", "--wait=false")
    with_client(server, monkeypatch, lambda rest: uninstall.release(rest, ()))
    assert server.kubectl("get", "generationrun", "leaving", "-n", "team").returncode != 0


def deployment(server: ApiServer, name: str) -> None:
    template = {"metadata": {"labels": LABELS}, "spec": POD}
    accepted, message = server.apply(
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": name, "namespace": SYSTEM},
            "spec": {"selector": {"matchLabels": LABELS}, "template": template},
        }
    )
    assert accepted, message


def a_pod(server: ApiServer, name: str, namespace: str, **labels: str) -> None:
    metadata = {"name": name, "namespace": namespace, "labels": labels}
    account = {"serviceAccountName": "default", "automountServiceAccountToken": False}
    spec: dict[str, Any] = POD | account | {"restartPolicy": "Never"}
    server.kubectl("create", "serviceaccount", "default", "-n", namespace)
    accepted, message = server.apply(
        {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}
    )
    assert accepted, message


def test_the_operator_is_scaled_down_and_its_pods_end(
    server: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment(server, "vrdata")
    a_pod(server, "operator", SYSTEM, **LABELS)
    stop = uninstall.stop
    assert not with_client(
        server, monkeypatch, lambda rest: stop(rest, SYSTEM, "vrdata", patience=0)
    )
    scale = ("get", "deployment", "vrdata", "-n", SYSTEM, "-o", "jsonpath={.spec.replicas}")
    assert server.kubectl(*scale).stdout == "0"
    server.kubectl("delete", "pod", "operator", "-n", SYSTEM, "--force", "--grace-period=0")
    assert with_client(server, monkeypatch, lambda rest: stop(rest, SYSTEM, "vrdata", patience=0))


def test_a_missing_deployment_counts_as_stopped(
    server: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert with_client(server, monkeypatch, lambda rest: uninstall.stop(rest, SYSTEM, "gone"))


def test_failed_pods_of_a_job_are_listed_across_pages(
    server: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rest_module, "PAGE", 2)
    names = [f"pod-{number}" for number in range(5)]
    for name in names:
        a_pod(server, name, "team", **{"batch.kubernetes.io/job-name": "wave"})
        message = ("patch", "pod", name, "-n", "team", "--subresource=status", "-p")
        done = server.kubectl(*message, '{"status": {"phase": "Failed"}}')
        assert done.returncode == 0, done.stderr
    a_pod(server, "runs", "team", **{"batch.kubernetes.io/job-name": "wave"})
    found = with_client(
        server,
        monkeypatch,
        lambda rest: KubernetesCluster(rest, SYSTEM).failed_pods("team", "wave"),
    )
    assert sorted(pod.name for pod in found) == names


def test_uninstall_without_a_deployment_name_is_a_usage_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("VRDATA_NAMESPACE", SYSTEM)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    monkeypatch.delenv(uninstall.DEPLOYMENT, raising=False)
    assert asyncio.run(uninstall._main()) == 1
    assert uninstall.DEPLOYMENT in capsys.readouterr().err
