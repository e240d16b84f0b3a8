"""From helm and kubectl to a verified dataset that equals that of a local run."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from support.cli import vrdata
from support.cluster.installation import Installation
from support.cluster.runs import Run, generators, metrics, operator_pod, run_object, start_run
from support.generators.traps import add_traps
from vrdata.dataset import layout

pytestmark = pytest.mark.cluster

SPEC = {
    "parallelism": 2,
    "shardSize": 10,
    "generators": generators(O_maze=20, G_pendulum=20, O_shared=30),
}


@pytest.fixture(scope="module")
def run(installed: Installation) -> Run:
    """A finished run of two classes and three generators, one of them a repository."""
    namespace = installed.namespace("whole")
    started = start_run(installed, namespace, "demo", SPEC)
    started.wait("Finished")
    return started


def test_a_run_succeeds_with_every_sample(run: Run) -> None:
    status = run.status()
    assert status["phase"] == "Succeeded", json.dumps(status, indent=1)
    assert status["samples"] == {"desired": 70, "succeeded": 70, "failed": 0}
    assert run.condition("Succeeded")["reason"] == "AllSamples"


def test_its_data_is_verified_and_equals_that_of_a_local_run(run: Run, tmp_path: Path) -> None:
    checked = run.verify()
    assert checked["samples"] == 70
    home = add_traps(tmp_path, "shared", proven=True)
    path = tmp_path / "run.yaml"
    path.write_text(json.dumps(run_object("demo", "whole", SPEC)))
    local = vrdata(
        *("run", path, "--local", "--out", tmp_path / "out", "--generators", home, "-o", "json")
    )
    assert local.code == 0, local.err
    assert local.json["datasetHash"] == checked["datasetHash"] == run.status()["datasetHash"]


def test_status_markers_and_metrics_agree(run: Run, installed: Installation) -> None:
    address = operator_pod(installed)["status"]["podIP"]
    lines = metrics(address).splitlines()
    labels = f'namespace="{run.namespace}"'

    def value(name: str, *words: str) -> float:
        found = [
            float(line.rpartition(" ")[2])
            for line in lines
            if line.startswith(f"{name}{{") and all(word in line for word in (labels, *words))
        ]
        return sum(found)

    markers = len(list(run.store().list_after("_vrdata/commits/")))
    status = run.status()
    assert markers == status["shards"]["succeeded"] == 7
    assert value("vrdata_run_samples", 'state="succeeded"') == status["samples"]["succeeded"]
    assert value("vrdata_run_shards", 'state="succeeded"') == markers


def test_its_pods_are_restricted_and_have_no_token(run: Run) -> None:
    for job in run.jobs():
        spec = job["spec"]["template"]["spec"]
        assert spec["automountServiceAccountToken"] is False
        container = spec["containers"][0]
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert "PLANTED" not in json.dumps(job)


def test_kubectl_prints_its_columns(run: Run, installed: Installation) -> None:
    text = installed.node.kubectl("get", "generationruns", "-n", run.namespace)
    header, line = text.splitlines()
    assert header.split() == ["NAME", "PHASE", "PROGRESS", "FAILED", "RATE", "ETA", "AGE"]
    assert line.split()[:2] == ["demo", "Succeeded"]


def test_lost_data_is_restored_by_an_annotation(run: Run) -> None:
    store, before = run.store(), run.status()
    cut = layout.shard_tar_key("O-maze", 1)
    start = store.get_range(cut, 0, 1000)
    for key in (
        cut,
        layout.shard_tar_key("G-pendulum", 0),
        layout.commit_key("O-shared", 2),
        layout.index_key("O-maze"),
    ):
        store.delete(key)
    assert store.put_new(cut, start, sha256=hashlib.sha256(start).hexdigest())
    run.repair("first")
    after = run.status()
    assert after["phase"] == "Succeeded", json.dumps(after, indent=1)
    assert after["samples"] == before["samples"]
    assert run.verify()["datasetHash"] == before["datasetHash"] == after["datasetHash"]


def test_deleting_it_keeps_the_data(run: Run, installed: Installation) -> None:
    """Last in this file, because it deletes the object."""
    run.delete()
    assert run.verify()["samples"] == 70
    left = installed.node.kubectl("get", "jobs,pods", "-n", run.namespace, "-o", "name")
    assert left.strip() == ""
