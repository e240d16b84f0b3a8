"""Termination messages of pods reach the status."""

from __future__ import annotations

import pytest

from support.lives import FINAL, FIRST, Life, run_object
from support.operator.fakecluster import FakeCluster
from support.operator.fakeworkers import Try, pod_object
from vrdata_operator.state.facts import PodFacts


@pytest.mark.parametrize("spoke", [0, 1])
def test_a_failed_finalisation_reports_the_termination_message(life: Life, spoke: int) -> None:
    life.workers.final_fails = "Job has reached the specified backoff limit"
    life.create()
    life.live(until=lambda: ("team", FINAL) in life.cluster.jobs)
    job = life.job(FINAL)
    labels = job["spec"]["template"]["metadata"]["labels"]
    for at in range(2):  # the other one was evicted
        ended = {"exitCode": 30, "message": "no space left"} if at == spoke else {"exitCode": 137}
        life.cluster.pods.append(pod_object(job, f"{FINAL}-{at}", None, labels, ended))
    life.live()
    found = life.condition("Succeeded")
    assert found.reason == "FinalisationFailed"
    assert "no space left" in found.message


def test_failed_pods_are_listed_only_while_a_failure_is_unexplained(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    answer = FakeCluster.failed_pods

    async def failed_pods(self: FakeCluster, namespace: str, job: str) -> tuple[PodFacts, ...]:
        asked.append(job)
        return await answer(self, namespace, job)

    def script(one: Try) -> str:
        return "InvalidOutput" if one.shard == ("O-maze", 0) else ""

    monkeypatch.setattr(FakeCluster, "failed_pods", failed_pods)
    life.workers.script = script
    life.create(run_object(failurePolicy={"retries": 0}))
    life.live()
    assert asked == [FIRST]
