"""Termination messages of pods reach the status."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from support.lives import FINAL, FIRST, SYSTEM, Life, run_object
from support.operator.fakecluster import FakeCluster
from support.operator.fakepods import pod_object
from support.operator.fakeworkers import Try
from vrdata.contract.pod import termination_message
from vrdata.contract.reasons import FailureReason
from vrdata.contract.records import Failure
from vrdata_operator.state.facts import PodFacts

FULL = Failure(reason=FailureReason.CONTRACT_MISMATCH, message="no space left")
BROKEN = Failure(reason=FailureReason.CONTRACT_MISMATCH, message="the catalogue is broken")


@pytest.mark.parametrize("left", [termination_message(FULL), "no space left"])
@pytest.mark.parametrize("failing", [0, 1])
def test_a_failed_finalisation_reports_the_message_of_the_failure(
    life: Life, failing: int, left: str
) -> None:
    life.workers.final_script = lambda _job: "Disrupted"
    life.create()
    life.live(until=lambda: ("team", FINAL) in life.cluster.jobs)
    job = life.job(FINAL)
    labels = job["spec"]["template"]["metadata"]["labels"]
    for at in range(2):  # the other one was evicted
        ended = {"exitCode": 40, "message": left} if at == failing else {"exitCode": 137}
        life.cluster.pods.append(pod_object(job, f"{FINAL}-{at}", None, labels, ended))
    life.live()
    for name in ("Finished", "Succeeded"):
        found = life.condition(name)
        assert found.reason == "FinalisationFailed"
        assert "no space left" in found.message
        assert "{" not in found.message


@pytest.mark.parametrize("left", [termination_message(BROKEN), "the catalogue is broken"])
def test_an_image_without_a_readable_catalogue_is_named(life: Life, left: str) -> None:
    life.create()
    life.turn()
    name = life.asking()
    job = life.job(name, SYSTEM)
    failed = {"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded", "message": ""}
    job["status"] = {"conditions": [failed]}
    ended = {"exitCode": 40, "message": left}
    labels = job["spec"]["template"]["metadata"]["labels"]
    life.cluster.pods.append(pod_object(job, f"{name}-x", None, labels, ended))
    life.turn()
    found = life.condition("Accepted")
    assert found.reason == "CatalogueUnreadable"
    assert "the catalogue is broken" in found.message
    assert "{" not in found.message
    assert name in found.message


def test_failed_pods_are_listed_only_while_a_failure_is_unexplained(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, Collection[int]]] = []
    answer = FakeCluster.failed_pods

    async def failed_pods(
        self: FakeCluster, namespace: str, job: str, indexes: Collection[int] = ()
    ) -> tuple[PodFacts, ...]:
        asked.append((job, indexes))
        return await answer(self, namespace, job, indexes)

    def script(one: Try) -> str:
        return "InvalidOutput" if one.shard == ("O-maze", 0) else ""

    monkeypatch.setattr(FakeCluster, "failed_pods", failed_pods)
    life.workers.script = script
    life.create(run_object(failurePolicy={"retries": 0}))
    life.live()
    assert asked == [(FIRST, {0})]
