"""Complete runs: from the object to its outcome, turn by turn."""

from __future__ import annotations

import pytest

from support.lives import FINAL, FIRST, SECOND, Life, entry, profile_object, run_object
from support.objects import put
from vrdata.contract.records import DifferenceRecord
from vrdata.dataset import layout
from vrdata_operator.state.names import final_job, wave_job

OTHER = "sha256:" + "c" * 64


def test_a_run_succeeds_when_every_shard_has_its_marker(life: Life) -> None:
    life.create()
    status = life.live()
    assert (status.phase, status.progress) == ("Succeeded", "60/60 (100%)")
    assert life.reason("Succeeded") == ("True", "AllSamples")
    assert life.reason("Finished") == ("True", "AllSamples")
    assert status.dataset_hash.startswith("sha256:")
    assert status.report.endswith("/team/demo/report/index.html")
    assert status.samples.succeeded == status.samples.desired == 60
    assert status.shards.succeeded == 6
    assert status.bytes == 600
    assert sorted(name for _, name in life.cluster.jobs if name != FINAL) == sorted(
        [FIRST, SECOND, life.asking()]
    )


def test_a_shard_that_was_generated_with_different_bytes_is_named(life: Life) -> None:
    life.create()
    life.live(until=lambda: life.status().samples.succeeded >= 10)
    assert life.reason("Deterministic") == ("Unknown", "NotCompared")
    key = "team/demo/" + layout.difference_key("O-maze", 0, 0)
    one = DifferenceRecord(generator="O-maze", shard=0, attempt=0, object="shards/O-maze/one.tar")
    put(life.store, key, one.to_json())
    assert life.live().phase == "Succeeded"
    found = life.condition("Deterministic")
    assert (found.status, found.reason) == ("False", "BytesDiffer")
    assert "shards/O-maze/one.tar" in found.message


def test_the_dataset_is_finalised_only_after_the_last_marker(life: Life) -> None:
    life.create()
    life.live(until=lambda: ("team", FINAL) in life.cluster.jobs)
    markers = [key for key in life.store.objects if "/_vrdata/commits/" in key]
    assert len(markers) == 6
    assert life.status().phase == "Finalising"
    assert not life.status().finished


def test_a_complete_job_without_commit_markers_does_not_complete_the_run(life: Life) -> None:
    life.create()
    life.live(until=lambda: len(life.workers.tries) == 2)
    for name in (FIRST, SECOND):
        life.job(name)["status"] = {
            "completedIndexes": "0-3",
            "conditions": [{"type": "Complete", "status": "True", "reason": "Completed"}],
        }
    life.turn()
    assert life.status().phase == "Running"
    assert life.live().samples.succeeded == 60


def test_concurrent_pods_never_exceed_the_parallelism_of_the_run(life: Life) -> None:
    life.create(run_object(parallelism=3))

    def pods() -> int:
        jobs = [job for job in life.cluster.jobs.values() if not job["status"].get("conditions")]
        return sum(job["spec"].get("parallelism", 0) for job in jobs)

    seen = []
    life.live(until=lambda: seen.append(pods()) or life.status().finished)  # type: ignore[func-returns-value]
    assert max(seen) == 3


def test_a_run_that_is_being_deleted_is_not_changed(life: Life) -> None:
    life.create()
    life.live(until=lambda: life.status().phase == "Running")
    life.cluster.runs["team", "demo"]["metadata"] |= {
        "deletionTimestamp": "2026-11-20T09:00:00Z",
        "finalizers": ["vrdata.dev/operator"],
    }
    writes = len(life.killer.writes)
    assert life.turn().done  # the daemon ends, so kopf removes its finalizer
    assert len(life.killer.writes) == writes


def test_deleting_a_run_deletes_its_jobs_and_keeps_its_data(life: Life) -> None:
    life.create()
    life.live(until=lambda: life.status().samples.succeeded >= 20)
    objects = dict(life.store.objects)
    life.cluster.collect_garbage("team", "demo")
    assert life.turn().done
    assert not any(where == "team" for where, _ in life.cluster.jobs)
    assert life.store.objects == objects


def test_a_run_that_is_created_again_continues_where_the_first_one_ended(life: Life) -> None:
    life.create()
    life.live(until=lambda: life.status().samples.succeeded >= 20)
    life.cluster.collect_garbage("team", "demo")
    made = {one.shard for one in life.workers.tries}
    life.workers.tries.clear()
    life.create(uid="uid-2")
    assert life.live().phase == "Succeeded"
    assert made.isdisjoint(one.shard for one in life.workers.tries)


@pytest.mark.parametrize("restart", [False, True])
def test_a_started_run_keeps_its_plan_when_the_image_changes(life: Life, restart: bool) -> None:
    """An upgrade changes the image and restarts the operator; existing Jobs keep their image."""
    life.create()
    life.live(until=lambda: life.status().samples.succeeded >= 20)
    life.workers.entries = tuple(entry(one.name, digest=OTHER) for one in life.workers.entries)
    life.install(profile_object(image=f"registry.example/worker@{OTHER}"))
    if restart:
        life.restart()
    assert life.live().phase == "Succeeded"


def test_a_run_that_is_created_again_keeps_its_generators_even_if_its_globs_match_more(
    life: Life,
) -> None:
    spec = {"generators": [{"name": "O-*", "samples": 20}]}
    life.create(run_object(**spec))
    life.live(until=lambda: life.status().samples.succeeded >= 10)
    life.cluster.collect_garbage("team", "demo")
    known = {one.name: one.digest for one in life.workers.entries}
    entries = [entry(name, name[0], digest=digest) for name, digest in known.items()]
    life.workers.entries = (*entries, entry("O-new"))
    life.install(profile_object(image=f"registry.example/worker@{OTHER}"))
    life.create(run_object(**spec), uid="uid-2")
    status = life.live()
    assert (status.phase, status.samples.desired) == ("Succeeded", 40)


def test_runs_of_the_same_name_in_two_namespaces_share_nothing(life: Life) -> None:
    life.create(run_object(namespace="red"), uid="uid-red")
    life.create(run_object(namespace="blue", seed=7), uid="uid-blue")
    for _ in range(15):
        life.turn(namespace="red")
        life.turn(namespace="blue")
        life.workers.work()
    for namespace in ("red", "blue"):
        assert life.status(namespace=namespace).phase == "Succeeded"
        assert f"{namespace}/demo/_SUCCESS" in life.store.objects
        jobs = {name for where, name in life.cluster.jobs if where == namespace}
        uid = f"uid-{namespace}"
        assert jobs == {wave_job(uid, 0), wave_job(uid, 1), final_job(uid)}
    red, blue = life.status(namespace="red"), life.status(namespace="blue")
    assert red.plan != blue.plan


def test_a_deleted_job_is_created_again(life: Life) -> None:
    life.create()
    life.live(until=lambda: life.status().phase == "Running")
    del life.cluster.jobs["team", FIRST]
    assert life.live().phase == "Succeeded"


def test_statuses_are_written_only_when_they_change(life: Life) -> None:
    life.create(run_object(suspend=True))
    for _ in range(6):
        life.turn()
        life.workers.work()
    count = len(life.cluster.written)
    for _ in range(5):
        life.turn()
    assert len(life.cluster.written) == count
