"""Killed operators, an API server outage, and changes of a running run's spec."""

from __future__ import annotations

import json
import random
import signal
import time
from pathlib import Path

import pytest

from support.cluster.installation import Installation
from support.cluster.parts.control_plane import restart_api_server
from support.cluster.runs import Run, generators, operator_outside, start_run
from support.cluster.waiting import wait_for

pytestmark = pytest.mark.cluster

KILLS = 20
SHARDS = 8
SPEC = {
    "parallelism": 2,
    "shardSize": 10,
    "generators": generators(O_maze=40, G_pendulum=40),
}


@pytest.fixture(scope="module")
def reference(installed: Installation) -> str:
    """The dataset hash of an undisturbed run."""
    run = start_run(installed, installed.namespace("calm"), "demo", SPEC)
    run.wait("Succeeded")
    return str(run.status()["datasetHash"])


def test_an_operator_killed_twenty_times_loses_and_duplicates_nothing(
    installed: Installation, tmp_path: Path, reference: str
) -> None:
    chance = random.Random(4)  # noqa: S311 - moments
    namespace = installed.namespace("killed")
    with operator_outside(installed, tmp_path) as operator:
        run = start_run(installed, namespace, "demo", SPEC)
        kills, jobs_seen = 0, set()
        while kills < KILLS:
            time.sleep(chance.uniform(0.1, 4.0))
            jobs_seen |= {job["metadata"]["name"] for job in run.jobs()}
            operator.kill()
            kills += 1
            operator.start()
        run.wait("Finished")
    assert run.condition("Succeeded")["status"] == "True", run.status()
    assert run.status()["datasetHash"] == reference
    markers = list(run.store().list_after("_vrdata/commits/"))
    assert len(markers) == run.status()["shards"]["succeeded"] == SHARDS
    jobs_seen |= {job["metadata"]["name"] for job in run.jobs()}
    waves = [name for name in jobs_seen if "-w" in name]
    assert len(waves) == run.status()["waves"], "a Job that no wave accounts for"


def test_a_run_that_is_made_wider_continues_after_an_outage_of_the_api_server(
    installed: Installation, reference: str
) -> None:
    plane = installed.node.plane
    run = start_run(installed, installed.namespace("away"), "demo", SPEC | {"parallelism": 1})
    wait_for(lambda: bool(run.jobs()), "a Job", 60)
    run.patch({"parallelism": 4})
    wait_for(lambda: sum(job["spec"]["parallelism"] for job in run.jobs()) >= 4, "more pods", 60)
    wait_for(lambda: _committed(run) >= 2, "two committed shards", 120)
    pid = _api_server_pid(installed)
    plane.processes.stop(pid, signal.SIGKILL)
    time.sleep(30)  # the length of the outage
    restart_api_server(plane, None)
    run.wait("Succeeded")
    assert run.status()["datasetHash"] == reference


def test_suspend_stops_pods_and_resume_generates_only_missing_shards(
    installed: Installation, reference: str
) -> None:
    run = start_run(installed, installed.namespace("paused"), "demo", SPEC)
    wait_for(lambda: _committed(run) >= 2, "two committed shards", 120)
    run.patch({"suspend": True})
    run.wait("Suspended")
    wait_for(lambda: not _active(run), "no pod runs", 60)
    before = _committed(run)
    assert before < SHARDS
    run.patch({"suspend": False})
    run.wait("Succeeded")
    assert run.status()["datasetHash"] == reference


def test_a_run_past_its_deadline_fails_with_that_reason(installed: Installation) -> None:
    spec = SPEC | {"activeDeadlineSeconds": 8, "generators": generators(O_maze=2000)}
    run = start_run(installed, installed.namespace("late"), "demo", spec)
    run.wait("Finished")
    assert run.condition("Succeeded")["reason"] == "DeadlineExceeded"
    wait_for(lambda: not _active(run), "no pod runs", 60)


def test_a_finished_run_is_deleted_after_its_ttl_and_its_data_is_kept(
    installed: Installation,
) -> None:
    spec = {"ttlSecondsAfterFinished": 2, "generators": generators(O_maze=10)}
    run = start_run(installed, installed.namespace("brief"), "demo", spec)
    wait_for(lambda: not run.exists(), "the object is gone", 120)
    assert run.verify()["samples"] == 10


def test_deleting_a_running_run_stops_its_pods_and_keeps_its_data(
    installed: Installation,
) -> None:
    namespace = installed.namespace("deleted")
    run = start_run(installed, namespace, "demo", SPEC)
    wait_for(lambda: _committed(run) >= 2, "two committed shards", 120)
    run.delete()
    wait_for(lambda: not run.pods(), "no pod is left", 90)
    assert _committed(run) >= 2
    again = start_run(installed, namespace, "demo", SPEC)
    again.wait("Succeeded")


def _committed(run: Run) -> int:
    return len(list(run.store().list_after("_vrdata/commits/")))


def _active(run: Run) -> int:
    return sum(job.get("status", {}).get("active", 0) for job in run.jobs())


def _api_server_pid(installed: Installation) -> int:
    command = json.loads((installed.node.plane.folder / "apiserver.json").read_text())
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                words = (folder / "cmdline").read_bytes().decode().split("\0")[:-1]
            except OSError:
                continue
            if words == command:
                return int(folder.name)
    raise AssertionError("no API server")
