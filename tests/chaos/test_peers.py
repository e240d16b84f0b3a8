"""How runs of other batch systems were lost or hung, as cases of this operator.

Each case names the public issue that it is taken from.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from support.lives import FIRST, SECOND, Life
from support.operator.fakeworkers import GONE
from vrdata.dataset import layout

Json = dict[str, Any]
HOUR = 3600.0


@pytest.fixture
def life() -> Life:
    """A run with two committed shards of six."""
    made = Life()
    made.create()
    made.live(until=lambda: made.status().samples.succeeded >= 20)
    return made


def must_succeed(life: Life) -> None:
    """The run ends with all samples, and no shard is generated twice."""
    status = life.live()
    assert (status.phase, status.samples.succeeded) == ("Succeeded", 60)
    markers = [key for key in life.store.objects if f"/{layout.COMMITS}" in key]
    assert len(markers) == status.shards.succeeded == 6
    commits = [one.shard for one in life.workers.tries]
    assert set(commits) == {layout.parse_commit_key(key.partition("demo/")[2]) for key in markers}


def test_completed_indexes_that_the_job_controller_loses_stay_counted(life: Life) -> None:
    """https://github.com/kubernetes/kubernetes/issues/108887.

    After pods of completed indexes were removed, the controller counted from zero and started
    them again.
    """
    before = life.status().samples.succeeded
    life.job(FIRST)["status"]["completedIndexes"] = ""
    life.turn()
    assert life.status().samples.succeeded >= before
    must_succeed(life)


def test_a_job_that_exceeds_a_limit_before_all_indexes_are_listed_is_continued(life: Life) -> None:
    """https://github.com/kubernetes/kubernetes/issues/70251.

    The limit of failed pods is compared with another count than the failed pods, so a Job can
    fail early.
    """
    life.job(FIRST)["status"] |= {
        "active": 0,
        "ready": 0,
        "conditions": [{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded"}],
    }
    must_succeed(life)


@pytest.mark.parametrize("name", [FIRST, SECOND])
def test_a_job_that_is_deleted_by_hand_is_replaced(life: Life, name: str) -> None:
    """https://github.com/apache/dolphinscheduler/issues/14721.

    The task runs forever.
    """
    del life.cluster.jobs["team", name]
    must_succeed(life)


def test_pods_that_a_finalizer_keeps_after_their_job_was_deleted_delay_nothing(
    life: Life,
) -> None:
    """https://github.com/kubernetes/kubernetes/issues/109429.

    Pods with the finalizer batch.kubernetes.io/job-tracking stay when the deletion of the Job
    races with their end.
    """
    job = life.cluster.jobs.pop(("team", FIRST))
    labels = job["spec"]["template"]["metadata"]["labels"]
    life.cluster.pods.append(left_pod(FIRST, labels))
    must_succeed(life)


def test_a_job_that_is_being_deleted_and_whose_finalizer_is_left_is_not_waited_for(
    life: Life,
) -> None:
    """https://github.com/kubernetes/kubernetes/issues/108297.

    Objects stay in state Terminating until somebody removes their finalizer; their pods have
    ended.
    """
    job = life.job(FIRST)
    job["metadata"] |= {
        "deletionTimestamp": "2027-01-15T08:00:00Z",
        "finalizers": ["foregroundDeletion"],
    }
    job["spec"]["suspend"] = True  # the garbage collector has deleted its pods
    job["status"] |= {"active": 0, "ready": 0}
    must_succeed(life)


def ahead(life: Life) -> None:
    """The API server is an hour ahead of the operator."""
    life.now -= HOUR


def behind(life: Life) -> None:
    """The API server is an hour behind the operator."""
    life.now += HOUR


@pytest.mark.parametrize("step", [ahead, behind])
def test_a_step_of_the_clock_fails_no_run_and_gives_no_negative_time(
    life: Life, step: Callable[[Life], None]
) -> None:
    """https://github.com/knative/serving/issues/561.

    The operator compared its own clock with timestamps of the API server.
    """
    step(life)
    life.turn()
    assert "-" not in life.status().eta + life.status().rate
    must_succeed(life)


@pytest.mark.parametrize("step", [ahead, behind])
def test_a_step_of_the_clock_does_not_lengthen_the_pause_of_a_retry(
    step: Callable[[Life], None],
) -> None:
    """https://github.com/knative/serving/issues/561, for the time of a failure."""
    life = Life()
    gone = [GONE] * 6
    life.workers.script = lambda one: gone.pop() if gone and one.shard.number == 1 else ""
    life.create()
    life.live(until=lambda: len(gone) < 2)
    step(life)
    must_succeed(life)


def test_a_job_of_finalisation_that_ended_in_the_future_is_followed_at_once(life: Life) -> None:
    """https://github.com/knative/serving/issues/561, for timestamps of the Job controller."""
    tries: list[str] = []

    def script(job: str) -> str:
        tries.append(job)
        return "StorageUnavailable" if len(tries) < 3 else ""

    life.workers.final_script = script
    for _ in range(60):
        life.turn()
        life.workers.work()
        for job in life.cluster.jobs.values():
            for condition in job["status"].get("conditions", []):
                condition["lastTransitionTime"] = "2033-01-01T00:00:00Z"
    must_succeed(life)
    assert len(tries) == 3


def left_pod(job: str, labels: Json) -> Json:
    """A pod in state Terminating that nobody removes."""
    own = {"batch.kubernetes.io/job-name": job, "batch.kubernetes.io/job-completion-index": "2"}
    return {
        "metadata": {
            "name": f"{job}-2-left",
            "namespace": "team",
            "labels": labels | own,
            "deletionTimestamp": "2027-01-15T08:00:00Z",
            "finalizers": ["batch.kubernetes.io/job-tracking"],
        },
        "status": {"phase": "Running"},
    }
