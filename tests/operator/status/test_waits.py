"""A run that does not progress says why, in its status, its conditions and an event."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pytest

from support.lives import FINAL, FIRST, SECOND, Life, run_object
from support.operator.fakecluster import FakeCluster
from support.operator.fakepods import pod_object
from support.operator.fakeworkers import GONE
from vrdata.plan.planned import Shard
from vrdata_operator.observe.jobs import STUCK_SECONDS
from vrdata_operator.state.facts import PodFacts

Json = dict[str, Any]
EVICTED = {
    "type": "DisruptionTarget",
    "status": "True",
    "reason": "EvictionByEvictionAPI",
    "message": "Eviction API: evicting",
}
ONE = {"generators": [{"name": "O-maze", "samples": 40}], "parallelism": 2}


def one_job(life: Life, **spec: Any) -> Json:
    """A run of one Job with four shards, two of them committed; returns the Job."""
    life.create(run_object(**(ONE | spec)))
    life.live(until=lambda: life.status().samples.succeeded >= 20)
    return life.job(FIRST)


def pod_of(life: Life, index: int, ended: Json | None = None, **status: Any) -> Json:
    """A pod of the first Job, with another state."""
    job = life.job(FIRST)
    labels = job["spec"]["template"]["metadata"]["labels"]
    pod = pod_object(job, f"{FIRST}-{index}", index, labels, ended)
    pod["status"] |= status
    life.cluster.pods.append(pod)
    return pod


def waits_for(life: Life, reason: str, *, stalled: bool) -> str:
    """Assert that the run says what it waits for; returns the message."""
    assert life.status().reason == reason
    assert life.reason("Progressing") == ("False", reason)
    assert life.reason("Stalled") == (str(stalled), reason)
    assert life.status().eta == ""
    assert any(event.message.startswith(f"{reason}: ") for event in life.cluster.events)
    message = life.condition("Progressing").message
    assert life.condition("Stalled").message == message
    return message


def test_the_pause_before_the_job_replaces_a_disrupted_pod_quotes_the_pod(life: Life) -> None:
    job = one_job(life)
    job["status"] |= {"active": 0, "ready": 0}
    first = pod_of(life, 2, {"exitCode": 10, "finishedAt": "2026-11-20T08:00:00Z"})
    last = pod_of(life, 3, {"exitCode": 10, "finishedAt": "2026-11-20T08:00:05Z"})
    last["status"]["conditions"] = [EVICTED]
    life.turn()
    message = waits_for(life, "ReplacingPods", stalled=False)
    assert "2 pods" in message
    assert f"{last['metadata']['name']}: EvictionByEvictionAPI: Eviction API: evicting" in message
    assert first["metadata"]["name"] not in message
    job["status"] |= {"active": 1}
    life.turn()
    assert life.status().reason == ""
    assert life.live().phase == "Succeeded"


def test_a_disrupted_pod_is_not_reported_while_another_pod_is_active(life: Life) -> None:
    one_job(life)
    pod_of(life, 2, {"exitCode": 10})
    life.turn()
    assert life.status().reason == ""
    assert life.reason("Progressing") == ("True", "ShardsRunning")


def test_the_pause_before_a_retry_says_until_when_why_and_how_often(life: Life) -> None:
    life.workers.script = lambda one: GONE if one.shard == Shard("O-maze", 1) else ""
    life.create(run_object(**ONE))
    life.live(until=lambda: life.status().reason == "RetryPaused", turns=40)
    message = waits_for(life, "RetryPaused", stalled=False)
    assert "1 shard; shard 1 of O-maze starts at 2027-01-15T" in message
    assert "of at most 100 uncharged attempts" in message
    assert "Disrupted: the pod left no termination message" in message


def test_the_turn_after_a_pause_starts_when_the_pause_ends(life: Life) -> None:
    life.workers.script = lambda one: GONE if one.shard == Shard("O-maze", 1) else ""
    life.create(run_object(**ONE))
    life.live(until=lambda: life.status().reason == "RetryPaused", turns=60)
    tried, slept = len(life.workers.tries), 0.0
    while len(life.workers.tries) == tried and slept < 120:
        life.now -= 10  # a turn is ten seconds later
        after = life.turn().after
        life.workers.work()
        life.now, slept = life.now + after, slept + after
    assert slept <= 60


def test_pods_that_all_fail_for_wrong_keys_stall_the_run_with_the_message_of_a_worker(
    life: Life,
) -> None:
    life.workers.script = lambda _: "StorageUnavailable"
    life.create(run_object(**ONE, failurePolicy={"retries": 0}))
    life.live(until=lambda: len(life.workers.tries) >= 2)
    life.turn()
    message = waits_for(life, "StorageUnavailable", stalled=True)
    assert "access denied" in message
    assert "2 pods of the run failed" in message
    life.workers.script = lambda _: ""
    status = life.live()
    assert status.phase == "Succeeded"
    assert life.reason("Stalled")[0] == "False"


def test_pods_that_all_fail_for_their_source_stall_the_run_until_it_answers(life: Life) -> None:
    life.workers.script = lambda _: "SourceUnavailable"
    life.create(run_object(**ONE, failurePolicy={"retries": 0}))
    life.live(until=lambda: len(life.workers.tries) >= 2)
    life.turn()
    message = waits_for(life, "SourceUnavailable", stalled=True)
    assert "2 pods of the run failed, the last one with: why SourceUnavailable" in message
    life.workers.script = lambda _: ""
    assert life.live().phase == "Succeeded"


def test_one_pod_that_cannot_use_the_storage_does_not_stall_a_run_that_commits(life: Life) -> None:
    script = life.workers.script
    life.workers.script = lambda one: (
        "StorageUnavailable" if one.shard == Shard("O-maze", 0) else script(one)
    )
    life.create(run_object(generators=[{"name": "O-maze", "samples": 400}], parallelism=8))
    life.live(until=lambda: life.status().samples.succeeded >= 80)
    assert life.reason("Stalled") == ("False", "NothingWrong")


def unreachable(life: Life, **metadata: str) -> Json:
    """The Job waits for one pod whose node does not answer."""
    job = one_job(life, generators=[{"name": "O-maze", "samples": 30}])
    job["status"] |= {"ready": 0, "active": 0, "terminating": 1}
    not_ready = {"type": "Ready", "status": "False"}
    pod = pod_of(life, 2, phase="Running", conditions=[not_ready])
    pod["metadata"] |= metadata
    pod["spec"] = {"nodeName": "lost-node"}
    return pod


def test_a_pod_on_a_lost_node_is_named_with_its_node(life: Life) -> None:
    unreachable(life, deletionTimestamp="2026-11-20T08:00:00Z")
    for _ in range(2):
        life.turn()
    message = waits_for(life, "NodeUnreachable", stalled=True)
    assert f"pod {FIRST}-2 on node lost-node is deleted and does not end" in message


@pytest.mark.parametrize(
    "stamp", ["2026-11-20T08:00:00Z", "2001-01-01T00:00:00Z", "2099-01-01T00:00:00Z"]
)
def test_the_shard_of_a_pod_that_does_not_end_is_given_to_another_one_whatever_the_clocks_say(
    life: Life, stamp: str
) -> None:
    """A Job waits for such a pod for ever: kubernetes/enhancements#6262, jobset#576."""
    unreachable(life, deletionTimestamp=stamp)
    began = life.now
    while ("team", SECOND) not in life.cluster.jobs:
        assert life.now - began <= STUCK_SECONDS + 20
        life.turn()
    assert life.now - began >= STUCK_SECONDS
    life.turn()
    assert life.job(FIRST)["spec"]["parallelism"] == 0
    life.job(FIRST)["spec"]["suspend"] = True  # its pod never ends
    assert life.live().phase == "Succeeded"


def test_failed_pods_are_not_listed_again_while_an_idle_job_does_not_change(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = one_job(life)
    job["status"] |= {"active": 0, "ready": 0}
    asked: list[str] = []
    answer = FakeCluster.failed_pods

    async def failed_pods(
        self: FakeCluster, namespace: str, name: str, indexes: Collection[int] = ()
    ) -> tuple[PodFacts, ...]:
        asked.append(name)
        return await answer(self, namespace, name, indexes)

    monkeypatch.setattr(FakeCluster, "failed_pods", failed_pods)
    for _ in range(5):
        life.turn()
    assert asked == [FIRST]


def test_a_new_reason_is_written_without_the_pause_between_two_statuses(life: Life) -> None:
    job = one_job(life)
    job["status"] |= {"active": 0, "ready": 0}
    pod_of(life, 2, {"exitCode": 10})
    life.now -= 9  # one second after the last turn
    life.turn()
    assert life.status().reason == "ReplacingPods"


def final_pod(life: Life, job: str) -> None:
    """A run is finalised, and the pod of this Job is on a node that does not answer."""
    life.create(run_object(**ONE))
    life.live(until=lambda: ("team", FINAL) in life.cluster.jobs)
    final = life.job(FINAL)
    final["status"] |= {"ready": 0, "active": 1}
    owner = life.job(job)
    labels = owner["spec"]["template"]["metadata"]["labels"]
    pod = pod_object(owner, f"{job}-x", None, labels)
    pod["status"] = {"phase": "Running", "conditions": [{"type": "Ready", "status": "False"}]}
    pod["spec"] = {"nodeName": "lost-node"}
    life.cluster.pods.append(pod)
    for _ in range(3):
        life.turn()


def test_finalisation_on_a_lost_node_names_the_node(life: Life) -> None:
    final_pod(life, FINAL)
    assert "lost-node" in waits_for(life, "NodeUnreachable", stalled=True)


def test_a_complete_run_does_not_wait_for_a_shard_on_a_lost_node(life: Life) -> None:
    final_pod(life, FIRST)
    assert (life.status().phase, life.status().reason) == ("Finalising", "")
