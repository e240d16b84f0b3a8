"""Last of all: the requests of the operator in the whole session, and its uninstallation."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import psutil
import pytest

from support.cluster.audit import ACCOUNT, forbidden, requests
from support.cluster.installation import SYSTEM, Installation
from support.cluster.runs import generators, start_run
from support.cluster.waiting import wait_for
from support.kube.chart import permissions_of

pytestmark = pytest.mark.cluster

# Namespaces of runs that other tests disturb, or let wait.
WAITING = ("chaos/", "deleted-", "drained/", "imports/again/", "outage/", "waiting/")

Use = tuple[str, str, str]  # API group, resource, verb


def used(installed: Installation) -> set[Use]:
    found = set()
    for event in requests(installed):
        reference = event["objectRef"]
        resource = reference["resource"]
        if "subresource" in reference:
            resource += f"/{reference['subresource']}"
        group = reference.get("apiGroup", "")
        found.add((group, resource, event["verb"]))
        # Server-side apply that creates an object also needs the permission `create`.
        if event["verb"] == "patch" and event.get("responseStatus", {}).get("code") == 201:
            found.add((group, resource, "create"))
    return found


def declared(installed: Installation) -> set[Use]:
    roles: list[dict[str, Any]] = []
    for kind in ("roles", "clusterroles"):
        text = installed.node.kubectl(
            "get", kind, "-A", "-l", "app.kubernetes.io/component=operator", "-o", "json"
        )
        roles += json.loads(text)["items"]
    return permissions_of(roles)


def test_the_operators_permissions_are_exactly_those_it_uses(installed: Installation) -> None:
    # Permissions on finalizers are checked for owner references, and without requests of their own.
    allowed = {use for use in declared(installed) if not use[1].endswith("/finalizers")}
    requested = {use for use in used(installed) if use[0] in {"", "batch", "vrdata.dev"}}
    assert requested - allowed == set()
    assert allowed - requested == set()


def test_no_request_was_forbidden(installed: Installation) -> None:
    assert forbidden(installed) == []


@pytest.mark.parametrize("resource", ["secrets", "configmaps", "nodes"])
def test_the_operator_cannot_read_secrets(installed: Installation, resource: str) -> None:
    answer = installed.node.kubectl(
        *("auth", "can-i", "get", resource, f"--as={ACCOUNT}", "-n", SYSTEM), check=False
    )
    assert answer.strip() == "no"


def test_a_status_is_written_at_most_once_in_five_seconds(installed: Installation) -> None:
    writes: dict[str, list[str]] = {}
    for event in requests(installed):
        reference = event["objectRef"]
        if reference.get("subresource") == "status" and event["verb"] == "patch":
            key = f"{reference['namespace']}/{reference['name']}/{reference.get('uid', '')}"
            writes.setdefault(key, []).append(event["requestReceivedTimestamp"])
    assert writes
    for key, times in writes.items():
        if key.startswith("killed/"):
            continue  # a new operator does not know the time of the last write
        if key.startswith(WAITING):
            continue  # a new reason to wait is written at once
        span = max(5.0, _seconds(times[-1]) - _seconds(times[0]))
        assert len(times) <= span / 5 + 2, (key, len(times), span)


def test_the_operators_memory_stays_small(installed: Installation) -> None:
    sizes = [
        process.memory_info().rss
        for process in psutil.process_iter(["cmdline"])  # None if it may not be read
        if process.info["cmdline"] == ["python", "-m", "vrdata_operator"]  # as in the image
    ]
    assert len(sizes) == 1
    assert sizes[0] <= 150 * 2**20, f"{sizes[0] / 2**20:.0f} MiB"


def test_the_doctor_passes_every_check(installed: Installation) -> None:
    output = installed.helm("test", "vrdata", "-n", SYSTEM, "--logs")
    for check in ("runs", "operator", "permissions", "profile", "store"):
        assert f"ok     {check}:" in output, output


def test_an_upgrade_during_a_run_loses_nothing(installed: Installation) -> None:
    spec = {"parallelism": 2, "shardSize": 10, "generators": generators(O_maze=80)}
    run = start_run(installed, installed.namespace("upgraded"), "demo", spec)
    wait_for(lambda: bool(run.jobs()), "a Job", 60)
    installed.helm_install(installed.values() | {"podAnnotations": {"changed": "yes"}})
    run.wait("Succeeded")
    assert run.verify()["samples"] == 80


def test_uninstalling_keeps_runs_and_data_and_removes_finalizers(installed: Installation) -> None:
    namespace = installed.namespace("left-behind")
    done = start_run(installed, namespace, "done", {"generators": generators(O_maze=10)})
    done.wait("Succeeded")
    spec = {"parallelism": 1, "shardSize": 5, "generators": generators(O_maze=60)}
    unfinished = [start_run(installed, namespace, name, spec) for name in ("dropped", "resumed")]
    for run in unfinished:
        wait_for(lambda run=run: bool(run.jobs()), "a Job", 60)
        assert run.get()["metadata"]["finalizers"]
    installed.helm("uninstall", "vrdata", "-n", SYSTEM, "--wait")
    text = installed.node.kubectl("get", "generationruns", "-n", namespace, "-o", "json")
    left = json.loads(text)
    assert {run["metadata"]["name"] for run in left["items"]} == {"done", "dropped", "resumed"}
    assert not any(run["metadata"].get("finalizers") for run in left["items"])
    removal = "app.kubernetes.io/component=removal"
    kinds = "jobs,serviceaccounts,roles,rolebindings,clusterroles,clusterrolebindings"
    assert not installed.node.kubectl("get", kinds, "-A", "-l", removal, "-o", "name")
    for run in (done, unfinished[0]):
        run.delete()
    assert done.verify()["samples"] == 10
    installed.helm_install(installed.values())
    unfinished[1].wait("Succeeded")
    assert unfinished[1].verify()["samples"] == 60


def _seconds(timestamp: str) -> float:
    return dt.datetime.fromisoformat(timestamp).timestamp()
