"""Runs that are suspended, queued, past their deadline or finished."""

from __future__ import annotations

import pytest

from support.lives import FINAL, FIRST, SECOND, Life, profile_object, run_object
from support.operator.fakecluster import Json
from vrdata_operator.observe import jobs


def test_a_suspended_run_starts_no_pod_and_succeeds_after_it_is_resumed(life: Life) -> None:
    life.create(run_object(suspend=True))
    for _ in range(6):
        life.turn()
        life.workers.work()
    assert life.workers.tries == []
    assert life.status().phase == "Suspended"
    assert life.reason("Suspended") == ("True", "SpecSuspend")
    assert life.reason("Progressing") == ("False", "Suspended")
    life.cluster.patch_spec("team", "demo", suspend=False)
    assert life.live().phase == "Succeeded"
    assert life.events().count("Resumed") == 1


def test_suspending_a_running_run_keeps_committed_shards(life: Life) -> None:
    life.create()
    life.live(until=lambda: life.status().eta != "")
    assert life.status().samples.succeeded >= 20
    life.cluster.patch_spec("team", "demo", suspend=True)
    life.turn()
    assert (life.status().rate, life.status().eta) == ("", "")
    assert life.status().estimated_completion_time is None
    done = len(life.workers.tries)
    for _ in range(3):
        life.workers.work()
        life.turn()
    assert len(life.workers.tries) == done
    assert life.status().samples.succeeded >= 20
    assert all(
        job["spec"]["suspend"]
        for (where, _), job in life.cluster.jobs.items()
        if where == "team" and not job["status"].get("conditions")
    )
    life.cluster.patch_spec("team", "demo", suspend=False)
    assert life.live().samples.succeeded == 60


def test_a_suspended_run_is_not_finalised(life: Life) -> None:
    life.create()
    life.live(until=lambda: len(life.workers.tries) == 4)
    life.workers.work()
    life.cluster.patch_spec("team", "demo", suspend=True)
    life.turn()
    life.turn()
    assert life.status().samples.succeeded == 60
    assert ("team", FINAL) not in life.cluster.jobs


def queued_life() -> Life:
    life = Life()
    life.install(profile_object(allowedQueues=["gpu"]))
    life.create(run_object(queueName="gpu"))
    return life


def test_only_the_queue_suspends_and_resumes_the_jobs_of_a_queued_run() -> None:
    life = queued_life()
    life.live(until=lambda: ("team", FIRST) in life.cluster.jobs)
    for name in (FIRST, SECOND):
        assert life.job(name)["metadata"]["labels"]["kueue.x-k8s.io/queue-name"] == "gpu"
        assert "suspend" not in life.job(name)["spec"]
        life.job(name)["spec"]["suspend"] = True  # as the queue's webhook does
    life.turn()
    assert life.status().phase == "Queued"
    assert life.reason("Queued") == ("True", "WaitingInQueue")
    assert life.job(FIRST)["spec"]["suspend"] is True
    for name in (FIRST, SECOND):
        life.job(name)["spec"]["suspend"] = False
    assert life.live().phase == "Succeeded"


def test_suspending_a_queued_run_deletes_its_jobs_and_resuming_creates_them_again() -> None:
    life = queued_life()
    life.live(until=lambda: life.status().samples.succeeded >= 20)
    life.cluster.patch_spec("team", "demo", suspend=True)
    life.turn()
    running = [job for job in life.cluster.jobs.values() if not job["status"].get("conditions")]
    assert running == []
    assert life.status().phase == "Suspended"
    life.cluster.patch_spec("team", "demo", suspend=False)
    for _ in range(20):
        life.turn()
        life.workers.work()
    assert life.status().phase == "Succeeded"


def test_a_run_past_its_deadline_fails_and_its_jobs_are_deleted(life: Life) -> None:
    life.create(run_object(activeDeadlineSeconds=3600))
    life.live(until=lambda: life.status().samples.succeeded >= 20)
    life.now += 3600
    life.turn()
    assert life.reason("Succeeded") == ("False", "DeadlineExceeded")
    assert life.status().samples.succeeded >= 20
    assert life.status().shards.active == 0
    running = [job for job in life.cluster.jobs.values() if not job["status"].get("conditions")]
    assert running == []


def test_the_deadline_counts_from_the_first_job(life: Life) -> None:
    life.create(run_object(activeDeadlineSeconds=3600))
    life.turn()
    life.now += 7200  # the catalogue of the image was being read
    life.workers.work()
    assert life.live().phase == "Succeeded"


def test_a_suspended_run_has_no_deadline_and_resuming_restarts_the_timer(life: Life) -> None:
    life.create(run_object(activeDeadlineSeconds=3600))
    life.live(until=lambda: life.status().samples.succeeded >= 10)
    life.cluster.patch_spec("team", "demo", suspend=True)
    life.turn()
    life.now += 7200
    life.turn()
    assert life.status().phase == "Suspended"
    life.cluster.patch_spec("team", "demo", suspend=False)
    life.turn()
    life.now += 3000
    life.turn()
    assert life.status().phase == "Running"
    life.now += 600
    life.turn()
    assert life.reason("Succeeded") == ("False", "DeadlineExceeded")


def test_a_run_that_is_suspended_without_an_operator_does_not_exceed_its_deadline(
    life: Life,
) -> None:
    life.create(run_object(activeDeadlineSeconds=3600))
    life.live(until=lambda: life.status().samples.succeeded >= 10)
    life.cluster.patch_spec("team", "demo", suspend=True)
    life.now += 7200
    life.turn()
    assert life.status().phase == "Suspended"


def test_a_finished_run_is_deleted_after_its_ttl_and_its_data_is_kept(life: Life) -> None:
    life.create(run_object(ttlSecondsAfterFinished=600))
    life.live()
    turn = life.turn()
    assert ("team", "demo") in life.cluster.runs
    assert not turn.done
    assert 0 < turn.after <= 600
    life.now += 600
    objects = dict(life.store.objects)
    assert life.turn().done
    assert ("team", "demo") not in life.cluster.runs
    assert not any(where == "team" for where, _ in life.cluster.jobs)
    assert life.store.objects == objects


def test_a_finished_run_without_a_ttl_is_kept(life: Life) -> None:
    life.create()
    life.live()
    writes = len(life.killer.writes)
    life.now += 10**8
    assert life.turn().done
    assert len(life.killer.writes) == writes


def test_a_run_is_suspended_while_a_restarted_operator_still_reads(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    life.create()
    life.live(until=lambda: life.status().samples.succeeded >= 20)
    counts = life.status().samples
    life.restart()
    life.cluster.patch_spec("team", "demo", suspend=True)
    monkeypatch.setattr(jobs, "SLICE_SECONDS", 0.0)
    turn = life.turn()
    assert turn.after == 0
    assert {job["spec"]["suspend"] for job in shard_jobs(life)} == {True}
    assert life.reason("Progressing") == ("True", "ReadingCommits")
    assert life.reason("Suspended") == ("True", "SpecSuspend")
    assert life.status().samples == counts


def test_a_restarted_operator_decides_nothing_before_it_has_read_everything(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    life.create()
    life.live(until=lambda: life.status().samples.succeeded >= 20)
    life.restart()
    monkeypatch.setattr(jobs, "SLICE_SECONDS", 0.0)
    before = life.killer.writes[:]
    while life.turn().after == 0:
        assert set(life.killer.writes[len(before) :]) <= {"apply_status", "post_event"}
    monkeypatch.undo()
    assert life.live().phase == "Succeeded"
    life.no_duplicates()


def shard_jobs(life: Life) -> list[Json]:
    return [life.job(name) for name in (FIRST, SECOND)]
