"""Events: the documented reasons, on transitions only, and few."""

from __future__ import annotations

from typing import get_args

import pytest

from support.lives import FIRST, Life, profile_object, run_object
from vrdata.api.status import Phase
from vrdata_operator.cluster.port import ClusterError
from vrdata_operator.reasons import EventReason
from vrdata_operator.state.facts import JobEvent
from vrdata_operator.status import events
from vrdata_operator.status.events import RunEvent


def lives() -> list[Life]:
    """Runs that together go through every transition."""
    well = Life()
    well.workers.script = lambda one: "InvalidOutput" if one.attempt == 0 else ""
    well.create(run_object(generators=[{"name": "O-maze", "samples": 80}], shardSize=5))
    well.live(until=lambda: well.status().phase == "Running")
    for value in (True, False):
        well.cluster.patch_spec("team", "demo", suspend=value)
        well.turn()
    well.live()
    ill = Life()
    ill.workers.script = lambda _: "InvalidOutput"
    ill.create(run_object(profile="gold"))
    ill.turn()
    ill.install(profile_object("gold"))
    ill.live(until=lambda: ("team", FIRST) in ill.cluster.jobs)
    ill.cluster.job_warnings.append(JobEvent(FIRST, "FailedCreate", "exceeded quota"))
    ill.turn()
    ill.cluster.job_warnings.clear()
    ill.live()
    return [well, ill]


def test_every_event_reason_is_emitted() -> None:
    seen = {one.reason for life in lives() for one in life.cluster.events}
    assert seen == set(EventReason)
    assert {"Succeeded", "Failed"} <= set(get_args(Phase))


def test_events_are_posted_in_the_order_of_the_transitions() -> None:
    well, ill = (life.events() for life in lives())
    assert well[:2] == ["Accepted", "Started"]
    assert [one for one in well if one in {"Suspended", "Resumed"}] == ["Suspended", "Resumed"]
    assert well[-2:] == ["Finalising", "Succeeded"]
    assert (ill[0], ill[-1]) == ("Rejected", "Failed")
    assert ill.count("Waiting") == 1


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


def test_a_run_posts_at_most_thirty_events_and_the_last_reports_its_end(flapping: Life) -> None:
    assert flapping.live().phase == "Succeeded"
    assert len(flapping.events()) == 30
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
