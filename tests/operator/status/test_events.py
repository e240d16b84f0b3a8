"""Events: the documented reasons, on transitions only, and few."""

from __future__ import annotations

from typing import get_args

import pytest

from support.lives import FIRST, Life, profile_object, run_object
from vrdata.api.status import MAX_FAILURE_GROUPS, FailureGroup, GenerationRunStatus, Phase
from vrdata.plan.planned import Shard
from vrdata_operator.cluster.port import ClusterError
from vrdata_operator.event_reasons import EventReason
from vrdata_operator.state.facts import JobEvent
from vrdata_operator.status import events
from vrdata_operator.status.events import MAX_EVENTS, MAX_SIMILAR, RunEvent


def transition_lives() -> list[Life]:
    """Runs that together go through every transition."""
    succeeding = Life()
    succeeding.workers.script = lambda one: "InvalidOutput" if one.attempt == 0 else ""
    succeeding.create(run_object(generators=[{"name": "O-maze", "samples": 80}], shardSize=5))
    succeeding.live(until=lambda: succeeding.status().phase == "Running")
    for value in (True, False):
        succeeding.cluster.patch_spec("team", "demo", suspend=value)
        succeeding.turn()
    succeeding.live()
    failing = Life()
    failing.workers.script = lambda _: "InvalidOutput"
    failing.create(run_object(profile="gold"))
    failing.turn()
    failing.install(profile_object("gold"))
    failing.live(until=lambda: ("team", FIRST) in failing.cluster.jobs)
    failing.cluster.job_warnings.append(JobEvent(FIRST, "FailedCreate", "exceeded quota"))
    failing.turn()
    failing.cluster.job_warnings.clear()
    failing.live()
    return [succeeding, failing, dropping_life()]


def dropping_life() -> Life:
    """A run that succeeds without three of its samples, of two shards."""
    life = Life()
    life.workers.left_out = {Shard("O-maze", 1): 1, Shard("O-maze", 3): 2}
    policy = {"maxFailedSamples": 3, "retries": 0}
    life.create(run_object(failurePolicy=policy))
    life.live()
    return life


def test_dropped_samples_are_reported_once_for_each_reason_with_the_first_sample() -> None:
    life = dropping_life()
    told = [one.message for one in life.cluster.events if one.reason is EventReason.DROPPED]
    assert told == ["O-maze: EmptyPrompt, first at sample 10: blank"]


def test_groups_that_come_and_go_in_a_full_status_are_not_reported_again() -> None:
    def status(first: int) -> GenerationRunStatus:
        groups = tuple(
            FailureGroup(generator=f"O-{at:02}", reason="EmptyPrompt", samples=1)
            for at in range(first, first + MAX_FAILURE_GROUPS)
        )
        return GenerationRunStatus(failures=groups)

    assert len(events.transitions(GenerationRunStatus(), status(0))) == MAX_FAILURE_GROUPS
    assert events.transitions(status(0), status(5)) == []


def test_every_event_reason_is_emitted() -> None:
    seen = {one.reason for life in transition_lives() for one in life.cluster.events}
    assert seen == set(EventReason)
    assert {"Succeeded", "Failed"} <= set(get_args(Phase))


def test_events_are_posted_in_the_order_of_the_transitions() -> None:
    succeeding, failing, _ = (life.events() for life in transition_lives())
    assert succeeding[:2] == ["Accepted", "Started"]
    assert [one for one in succeeding if one in {"Suspended", "Resumed"}] == [
        "Suspended",
        "Resumed",
    ]
    assert succeeding[-2:] == ["Finalising", "Succeeded"]
    assert (failing[0], failing[-1]) == ("Rejected", "Failed")
    assert failing.count("Waiting") == 1


@pytest.fixture
def flapping(life: Life) -> Life:
    """A run whose pods start and stop waiting a hundred times."""
    life.create()
    life.live(until=lambda: ("team", FIRST) in life.cluster.jobs)
    for _ in range(100):
        life.cluster.job_warnings.append(JobEvent(FIRST, "FailedCreate", "exceeded quota"))
        life.turn()
        life.cluster.job_warnings.clear()
        life.turn()
    return life


def test_a_wait_that_comes_and_goes_posts_few_events_and_the_last_reports_the_end(
    flapping: Life,
) -> None:
    assert flapping.live().phase == "Succeeded"
    assert flapping.events().count("Waiting") == MAX_SIMILAR
    assert len(flapping.events()) <= MAX_EVENTS
    assert flapping.events()[-1] == "Succeeded"


def test_a_rejected_event_never_stops_a_run(life: Life) -> None:
    async def refuse(_run: object, _event: RunEvent) -> None:
        raise ClusterError(403, "events is forbidden")

    life.cluster.post_event = refuse  # type: ignore[method-assign]
    life.create()
    assert life.live().phase == "Succeeded"


def test_no_event_is_posted_when_nothing_changed(life: Life) -> None:
    life.create()
    status = life.live()
    assert events.transitions(status, status) == []
