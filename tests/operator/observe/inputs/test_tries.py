"""The Job that pins the sources of a run: which failures it is repeated after, and when."""

from __future__ import annotations

from itertools import pairwise

import pytest

from support.lives import SYSTEM, Json, Life
from support.plans.imports import JOB, NEXT, import_object, jobs, resolving
from vrdata_operator.state.names import resolve_job

ERROR = "hf://org/name does not answer\n  why: HTTP 503\n  fix: try again later"


def test_an_unavailable_source_is_tried_again_after_pauses(importing: Life) -> None:
    tried: list[tuple[float, str]] = []

    def fails(job: str) -> tuple[str, str] | None:
        tried.append((importing.now, job))
        return ("SourceUnavailable", ERROR) if len(tried) < 8 else None

    importing.workers.source_script = fails
    importing.create(import_object())
    importing.live(until=lambda: len(tried) >= 2)
    found = importing.condition("Accepted")
    assert (found.status, found.reason) == ("False", "SourceUnavailable")
    assert "hf://org/name does not answer; HTTP 503. Try again later. " in found.message
    assert importing.reason("Stalled") == ("True", "SourceUnavailable")
    assert importing.live(turns=80).phase == "Succeeded"
    assert [job for _, job in tried] == [resolve_job("uid-1", number) for number in range(8)]
    pauses = [after - before for (before, _), (after, _) in pairwise(tried)]
    assert pauses[-1] >= 60 > pauses[0]
    assert importing.events().count("Rejected") == 1
    # Only the last two tries are kept.
    kept = {resolve_job("uid-1", number) for number in (6, 7)}
    assert {name for name in jobs(importing) if "sources" in name} == kept


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("SourceNotFound", "does not exist, or lacks what the run names"),
        ("InvalidSource", "The items of a source cannot be listed"),
    ],
)
def test_a_source_that_cannot_be_used_is_tried_again_when_its_job_is_deleted(
    importing: Life, reason: str, words: str
) -> None:
    message = "hf://org/name has no split tset\n  fix: name one of: test, train"
    importing.workers.source_script = lambda _job: (reason, message)
    importing.create(import_object())
    importing.live(until=lambda: importing.status().reason == reason)
    for _ in range(20):
        importing.turn()
        importing.workers.work()
    found = importing.condition("Accepted")
    assert (found.status, found.reason) == ("False", reason)
    assert words in found.message
    assert f"Job {JOB}: hf://org/name has no split tset. Name one of: test, train." in found.message
    assert "delete the Job" in found.message
    assert importing.cluster.made == {("team", JOB): 1, (SYSTEM, importing.asking()): 1}
    importing.workers.source_script = lambda _job: None
    del importing.cluster.jobs["team", JOB]
    assert importing.live().phase == "Succeeded"


def test_a_deleted_job_and_a_restarted_operator_repeat_nothing_that_is_done(
    importing: Life,
) -> None:
    importing.create(import_object())
    importing.live(until=lambda: resolving(importing))
    del importing.cluster.jobs["team", JOB]
    importing.restart()
    importing.turn()
    importing.workers.work()
    importing.restart()
    assert importing.live().phase == "Succeeded"
    assert importing.cluster.made["team", JOB] == 2


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("at", range(1, 10))
def test_an_operator_killed_at_any_write_pins_the_sources_once(
    importing: Life, at: int, late: bool
) -> None:
    importing.killer.at, importing.killer.late = at, late
    importing.create(import_object())
    status = importing.live()
    assert (status.phase, status.samples.succeeded) == ("Succeeded", 40)
    importing.no_duplicates()
    assert (importing.cluster.made["team", JOB], jobs(importing).count(JOB)) == (1, 1)


def test_a_killed_pod_is_replaced_by_another_job(importing: Life) -> None:
    importing.workers.source_script = lambda job: ("Disrupted", "") if job == JOB else None
    importing.create(import_object())
    assert importing.live().phase == "Succeeded"
    assert importing.cluster.made["team", NEXT] == 1


def test_a_pod_that_ran_out_of_memory_is_followed_by_one_with_twice_as_much(
    importing: Life,
) -> None:
    importing.workers.source_script = lambda job: ("OOMKilled", "") if job == JOB else None
    importing.create(import_object())
    assert importing.live().phase == "Succeeded"
    limits = [memory_of(importing.job(name)) for name in (JOB, NEXT)]
    assert limits == [2 * 2**30, 4 * 2**30]


def memory_of(job: Json) -> int:
    (container,) = job["spec"]["template"]["spec"]["containers"]
    return int(container["resources"]["limits"]["memory"])
