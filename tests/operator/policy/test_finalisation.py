"""Finalisation is disturbed: it is tried again, with pauses, up to a limit."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from support.lives import FINAL, Life, profile_object, run_object
from support.operator.fakepods import waits
from support.operator.fakeworkers import Script, always_well, commit
from vrdata.contract import attempts
from vrdata.contract.attempts import pause_after
from vrdata.dataset import layout
from vrdata.plan.planned import Plan
from vrdata.store.opening import PrefixedStore
from vrdata_operator.decide import LAST_SECONDS
from vrdata_operator.observe import commits
from vrdata_operator.policy import finalisation
from vrdata_operator.policy.finalisation import MAX_CHARGED
from vrdata_operator.state.names import final_job, index_job

GIB = 2**30


def finals(life: Life) -> list[str]:
    """Names of the Jobs of finalisation, in the order of their tries."""
    return [name for where, name in life.cluster.jobs if where == "team" and "-final" in name]


def failing(times: int, reason: str) -> Callable[[str], str]:
    """The first tries fail for this reason."""
    left = iter([reason] * times)
    return lambda _job: next(left, "")


def memory(life: Life, job: str) -> int:
    (container,) = life.job(job)["spec"]["template"]["spec"]["containers"]
    return int(container["resources"]["limits"]["memory"])


@pytest.mark.parametrize("reason", ["Disrupted", "StorageUnavailable", "Preempted"])
def test_ten_disturbed_tries_do_not_fail_the_run(life: Life, reason: str) -> None:
    life.workers.final_script = failing(10, reason)
    life.create(run_object(failurePolicy={"retries": 0}))
    life.live(turns=200)
    assert life.reason("Succeeded") == ("True", "AllSamples")
    assert finals(life) == [final_job("uid-1", number=number) for number in range(11)]


def test_the_status_names_the_reason_of_a_pause_and_when_it_ends(life: Life) -> None:
    life.workers.final_script = failing(6, "StorageUnavailable")
    life.create()
    life.live(until=lambda: life.status().reason == "FinalisationPaused", turns=100)
    assert life.reason("Stalled") == ("False", "FinalisationPaused")  # it passes by itself
    found = life.condition("Progressing")
    assert (found.status, found.reason) == ("False", "FinalisationPaused")
    assert "StorageUnavailable: why; try " in found.message
    assert life.status().phase == "Finalising"
    assert "Waiting" in life.events()
    life.live(turns=200)
    assert life.reason("Succeeded") == ("True", "AllSamples")


def test_pauses_grow_and_the_next_turn_comes_when_a_pause_ends(life: Life) -> None:
    life.workers.final_script = failing(8, "Disrupted")
    life.create()
    life.live(until=lambda: len(finals(life)) == 5)
    life.workers.work()
    turn = life.turn()
    assert len(finals(life)) == 5
    assert 0 < turn.after <= pause_after(5)
    begin = life.now
    life.live(until=lambda: len(finals(life)) == 6)
    assert life.now - begin <= pause_after(5) + 10


def test_a_disturbed_finalisation_has_a_limit(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "MAX_UNCHARGED", 6)
    life.workers.final_script = lambda _job: "Disrupted"
    life.create()
    life.live(turns=200)
    assert len(finals(life)) == 6
    found = life.condition("Succeeded")
    assert (found.status, found.reason) == ("False", "FinalisationFailed")
    assert "after 6 tries" in found.message


def test_a_try_that_fails_by_itself_is_repeated_a_few_times(life: Life) -> None:
    life.workers.final_script = lambda _job: "Unknown"
    life.create()
    life.live(turns=200)
    assert len(finals(life)) == MAX_CHARGED + 1
    assert life.reason("Succeeded") == ("False", "FinalisationFailed")


def test_disturbed_tries_do_not_use_up_those_that_fail_by_themselves(life: Life) -> None:
    reasons = iter(["Unknown", "Disrupted"] * MAX_CHARGED)
    life.workers.final_script = lambda _job: next(reasons, "")
    life.create()
    life.live(turns=400)
    assert life.reason("Succeeded") == ("True", "AllSamples")


def test_another_plan_in_the_output_ends_the_run_with_that_reason(life: Life) -> None:
    life.workers.final_script = lambda _job: "OutputConflict"
    life.create()
    life.live()
    assert finals(life) == [FINAL]
    assert life.reason("Succeeded") == ("False", "OutputConflict")


def test_memory_is_doubled_up_to_the_ceiling_and_then_the_run_fails(life: Life) -> None:
    classes = {"O": {"memory": "1Gi", "memoryCeiling": "3Gi"}}
    life.install(profile_object(classes=classes))
    life.workers.final_script = lambda _job: "OOMKilled"
    life.create()
    life.live()
    assert [memory(life, name) for name in finals(life)] == [GIB, 2 * GIB, 3 * GIB]
    found = life.condition("Succeeded")
    assert found.reason == "FinalisationFailed"
    assert f"OutOfMemory: its pod was OOMKilled (with the largest limit, {3 * GIB}" in found.message


def test_more_memory_is_kept_when_a_later_try_is_disturbed(life: Life) -> None:
    reasons = iter(["OOMKilled", "Disrupted"])
    life.workers.final_script = lambda _job: next(reasons, "")
    life.create()
    life.live(turns=100)
    first, second, third = (memory(life, name) for name in finals(life))
    assert third == second == 2 * first


def test_an_operator_that_is_restarted_continues_with_the_next_try(life: Life) -> None:
    life.workers.final_script = failing(3, "Disrupted")
    life.create()
    for count in range(1, 5):
        life.live(until=lambda count=count: len(finals(life)) == count)  # type: ignore[misc]
        life.workers.work()
        life.restart()
    life.live()
    assert life.reason("Succeeded") == ("True", "AllSamples")
    life.no_duplicates()


def test_a_job_of_finalisation_that_is_deleted_by_hand_is_created_again(life: Life) -> None:
    life.create()
    life.live(until=lambda: finals(life) == [FINAL])
    del life.cluster.jobs["team", FINAL]
    life.live()
    assert life.reason("Succeeded") == ("True", "AllSamples")


def test_an_api_server_with_a_clock_ahead_does_not_lengthen_a_pause(life: Life) -> None:
    life.workers.final_script = failing(4, "Disrupted")
    life.create()
    life.live(until=lambda: bool(finals(life)))
    for _ in range(30):
        life.workers.work()
        for job in life.cluster.jobs.values():
            for found in job["status"].get("conditions", ()):
                found["lastTransitionTime"] = "2099-01-01T00:00:00Z"
        life.turn()
    assert life.reason("Succeeded") == ("True", "AllSamples")


def test_indexes_of_a_large_run_are_retried_by_another_job(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finalisation, "INDEX_JOB_SHARDS", 5)
    life.workers.final_script = lambda job: "Disrupted" if job == index_job("uid-1") else ""
    life.create()
    life.live()
    assert life.reason("Succeeded") == ("True", "AllSamples")
    jobs = [name for where, name in life.cluster.jobs if where == "team" and "-w" not in name]
    assert jobs == [index_job("uid-1"), index_job("uid-1", number=1), FINAL]


def test_the_end_of_a_run_is_written_at_once(life: Life) -> None:
    life.create()
    life.live(until=lambda: bool(finals(life)))
    life.now -= 9  # the next turn comes a second after the one that wrote the status
    life.workers.work()
    life.turn()
    assert life.reason("Succeeded") == ("True", "AllSamples")


def test_the_last_markers_are_read_before_their_job_reports_them(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The Job controller reports a completed index seconds after its marker exists."""
    monkeypatch.setattr(commits, "LAST_AFTER", (0.0, 3600.0))
    life.create()
    life.live(until=lambda: life.status().shards.succeeded >= 4)
    store = PrefixedStore(life.store, "team/demo/")
    plan = Plan.model_validate_json(store.get(layout.PLAN))
    turn = life.turn()
    assert turn.after <= LAST_SECONDS
    for shard in plan.all_shards():
        if store.head(layout.commit_key(*shard)) is None:
            commit(store, plan, shard)
    assert life.turn().after == 0  # all markers are compared with the plan now
    life.turn()
    assert finals(life) == [FINAL]


def test_long_shards_are_not_polled_for(life: Life) -> None:
    life.create()
    life.live(until=lambda: life.status().shards.succeeded >= 4)
    life.turn()
    life.turn()
    assert life.turn().after > LAST_SECONDS


@pytest.mark.parametrize("seen", [True, False])
def test_a_run_ends_when_its_last_object_is_written_and_not_seconds_later(
    life: Life, seen: bool
) -> None:
    """A `_SUCCESS` that may be of an earlier try is not believed: the end of the Job is."""
    life.create()
    life.live(until=lambda: bool(finals(life)))
    if seen:
        life.turn()  # the Job runs, and there is no `_SUCCESS`
    life.workers.work()
    ended = life.job(FINAL)["status"]
    life.job(FINAL)["status"] = {"active": 1, "ready": 1}
    for _ in range(3):
        life.turn()
    assert life.status().finished == seen
    life.job(FINAL)["status"] = ended
    life.live()
    assert life.reason("Succeeded") == ("True", "AllSamples")


def committed(life: Life) -> int:
    return sum(layout.COMMITS in info.key for info in life.store.list_after(""))


def test_finalisation_starts_early_and_waits_for_the_last_shards(life: Life) -> None:
    life.create(run_object(parallelism=4))
    life.live(until=lambda: bool(finals(life)))
    assert 0 < 6 - committed(life) < 4, "its pod has a place that the shards leave free"
    assert waits(life.job(FINAL))
    assert life.status().phase == "Running"
    life.live()
    assert life.reason("Succeeded") == ("True", "AllSamples")
    assert finals(life) == [FINAL]


@pytest.mark.parametrize(
    ("spec", "script"),
    [
        ({"queueName": "gpu"}, always_well),
        ({"parallelism": 1}, always_well),
        ({}, lambda tried: "Unknown" if tried.shard.number == 0 and not tried.attempt else ""),
    ],
    ids=["a queue admits its Jobs", "no place is free", "a shard is retried"],
)
def test_finalisation_does_not_start_early_where_it_would_take_a_place(
    life: Life, spec: dict[str, object], script: Script
) -> None:
    life.workers.script = script
    life.install(profile_object(allowedQueues=["gpu"]))
    life.create(run_object(**{"parallelism": 4} | spec))
    life.live(until=lambda: bool(finals(life)))
    assert committed(life) == 6
    assert not waits(life.job(FINAL))


def test_finalisation_that_waited_too_long_is_tried_again_and_not_charged(life: Life) -> None:
    life.create(run_object(parallelism=4))
    life.live(until=lambda: bool(finals(life)))
    life.workers.final_script = failing(1, "Disrupted")
    life.live()
    assert life.reason("Succeeded") == ("True", "AllSamples")
    assert finals(life) == [FINAL, final_job("uid-1", number=1)]
