"""After all other tests: an installation without S3 whose operator serves one namespace."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.cli import vrdata
from support.cluster.audit import forbidden
from support.cluster.installation import SYSTEM, Installation
from support.cluster.places import STATE
from support.cluster.runs import apply, generators, start_run

pytestmark = pytest.mark.cluster

CLAIM = "datasets"
WALLED, OUTSIDE = "walled", "outside"
WORKER = 65532


def volume(folder: Path, namespace: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A claim in a namespace, bound to a folder of the node that all claims share."""
    size = {"storage": "1Gi"}
    common = {"accessModes": ["ReadWriteMany"], "storageClassName": ""}
    name = f"{CLAIM}-{namespace}"
    claim = {"namespace": namespace, "name": CLAIM}
    host = {"path": str(folder), "type": "Directory"}
    return (
        {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {"name": name},
            "spec": common | {"capacity": size, "claimRef": claim, "hostPath": host},
        },
        {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": claim,
            "spec": common | {"volumeName": name, "resources": {"requests": size}},
        },
    )


@pytest.fixture(scope="module")
def data(installed: Installation) -> Iterator[Path]:
    """The shared folder; the release serves one namespace and stores data there."""
    folder = STATE / "volume"
    folder.mkdir()
    os.chown(folder, WORKER, WORKER)
    installed.helm("uninstall", "vrdata", "-n", SYSTEM, "--wait")
    for namespace in (WALLED, OUTSIDE):
        installed.node.kubectl("create", "namespace", namespace)
    apply(installed, *volume(folder, SYSTEM), *volume(folder, WALLED))
    values = installed.values(watch=(WALLED,)) | {"storage": {"persistentVolumeClaim": CLAIM}}
    installed.helm_install(values)
    yield folder
    installed.helm("uninstall", "vrdata", "-n", SYSTEM, "--wait")
    installed.helm_install(installed.values())


def test_a_run_in_the_served_namespace_is_stored_in_the_volume(
    installed: Installation, data: Path
) -> None:
    spec = {"shardSize": 5, "generators": generators(O_maze=10, G_pendulum=5)}
    unserved = start_run(installed, OUTSIDE, "demo", spec)
    run = start_run(installed, WALLED, "demo", spec)
    run.wait("Succeeded")
    checked = vrdata("verify", data / WALLED / "demo", "-o", "json")
    assert checked.code == 0, checked.out + checked.err
    assert checked.json["samples"] == 15
    assert checked.json["datasetHash"] == run.status()["datasetHash"]
    assert unserved.status() == {}
    assert not unserved.jobs()


def test_a_profile_with_another_claim_is_rejected(installed: Installation, data: Path) -> None:
    assert data.exists()
    other = {
        "apiVersion": "vrdata.dev/v1alpha1",
        "kind": "GenerationProfile",
        "metadata": {"name": "elsewhere", "namespace": SYSTEM},
        "spec": {
            "image": installed.worker_image,
            "storage": {"persistentVolumeClaim": "elsewhere"},
        },
    }
    apply(installed, other)
    spec = {"profile": "elsewhere", "generators": generators(O_maze=5)}
    run = start_run(installed, WALLED, "misplaced", spec)
    message = run.wait_reason("Accepted", "InvalidProfile")
    assert "elsewhere" in message
    assert CLAIM in message


def test_permissions_in_one_namespace_are_sufficient(installed: Installation, data: Path) -> None:
    assert data.exists()
    assert forbidden(installed) == []
