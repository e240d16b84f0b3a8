"""Attempts that are ended from outside: not charged, tried again while the wave runs, bounded."""

from __future__ import annotations

import random
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.lives import FIRST, Life, run_object
from support.operator.fakeworkers import GONE, Try
from support.operator.repairs import TAR, annotate, repaired
from support.operator.scripts import (
    SHARD,
    no_shard_runs_twice,
    of_shard,
    one_shard,
    scripted,
    waves,
)
from vrdata.contract import attempts
from vrdata.plan.planned import Shard
from vrdata_operator.policy import outcome
from vrdata_operator.status import build

OUTSIDE = (GONE, "StorageUnavailable", "Preempted")


@pytest.mark.parametrize("reason", OUTSIDE)
def test_an_interrupted_attempt_does_not_use_up_a_retry(life: Life, reason: str) -> None:
    scripted(life, of_shard(*[reason] * 5))
    life.create(one_shard(retries=0))
    assert life.live().phase == "Succeeded"
    tried = [one.attempt for one in life.workers.tries if one.shard == SHARD]
    assert tried == [0, 1, 2, 3, 4, 5]
    assert [wave.uncharged for wave in waves(life)] == [0, 1, 2, 3, 4, 5]


def test_an_uncharged_retry_has_the_memory_and_the_allowance_of_the_disturbed_attempt(
    life: Life,
) -> None:
    scripted(life, of_shard("OutOfMemory", GONE, "GeneratorFailed", GONE))
    life.create(one_shard(retries=2, maxFailedSamples=3))
    life.live()
    tried = [one for one in life.workers.tries if one.shard == SHARD]
    gib = 2**30
    assert [one.memory for one in tried] == [2 * gib, 4 * gib, 4 * gib, 4 * gib, 4 * gib]
    assert [one.allowed for one in tried] == [0, 0, 0, 3, 3]


def test_a_shard_that_is_always_disturbed_is_lost_and_the_run_says_how_often_and_why(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = 6  # a hundred attempts take seconds
    for module in (attempts, build, outcome):
        monkeypatch.setattr(module, "MAX_UNCHARGED", limit)
    life.workers.script = lambda one: GONE if one.shard == SHARD else ""
    life.create(one_shard(retries=0))
    status = life.live()
    assert len([one for one in life.workers.tries if one.shard == SHARD]) == limit
    assert status.phase == "Failed"
    (failure,) = status.failures
    assert failure.reason == "Disrupted"
    assert f"{limit} attempts were interrupted" in failure.message
    assert "deleted or killed" in failure.message


def test_the_pauses_before_uncharged_retries_grow_up_to_a_minute(life: Life) -> None:
    times: list[float] = []

    def script(one: Try) -> str:
        if one.shard != SHARD:
            return ""
        times.append(life.now)
        return GONE if len(times) <= 10 else ""

    life.workers.script = script
    life.create(one_shard(retries=0))
    life.live(turns=100)
    between = [after - before for before, after in pairwise(times)]
    assert between[0] <= 20
    assert between == sorted(between)
    assert 60 <= between[-1] <= 80


@pytest.mark.parametrize("restart", [False, True])
def test_the_same_failure_at_the_same_sample_is_not_tried_a_third_time(
    life: Life, restart: bool
) -> None:
    life.workers.sample = 12
    scripted(life, of_shard("GeneratorCrashed", GONE, "GeneratorCrashed", "GeneratorCrashed"))
    life.create(one_shard(retries=9))
    if restart:
        life.live(until=lambda: len(life.workers.tries) >= 3)
        life.restart()
    status = life.live()
    assert [one.attempt for one in life.workers.tries if one.shard == SHARD] == [0, 1, 2]
    assert status.phase == "Failed"
    assert status.failures[0].sample == 12


def test_a_failed_shard_is_retried_while_its_wave_runs(life: Life) -> None:
    scripted(life, of_shard("GeneratorFailed", shard=Shard("O-maze", 0)))
    spec = {"generators": [{"name": "O-maze", "samples": 400}], "parallelism": 2}
    life.create(run_object(**spec))
    life.live(
        until=lambda: (
            (Shard("O-maze", 0), 1) in {(one.shard, one.attempt) for one in life.workers.tries}
        )
    )
    assert not life.job(FIRST)["status"].get("conditions")
    assert life.live(turns=100).phase == "Succeeded"
    life.no_duplicates()


def test_a_deleted_job_does_not_generate_again_what_a_later_wave_generates(life: Life) -> None:
    scripted(life, of_shard("GeneratorFailed", shard=Shard("O-maze", 0)))
    spec = {"generators": [{"name": "O-maze", "samples": 400}], "parallelism": 2}
    life.create(run_object(**spec))
    life.live(until=lambda: len(waves(life)) == 2)
    del life.cluster.jobs["team", FIRST]
    life.live(turns=100)
    assert ("team", FIRST) not in life.cluster.jobs
    life.no_duplicates()
    assert life.status().phase == "Succeeded"


def test_shards_that_fail_together_are_retried_in_one_wave(life: Life) -> None:
    life.workers.script = lambda one: GONE if one.attempt == 0 else ""
    spec = {"generators": [{"name": "O-maze", "samples": 5000}], "parallelism": 50}
    life.create(run_object(**spec))
    assert life.live(turns=100).phase == "Succeeded"
    assert len(waves(life)) < 10


def test_a_run_without_wave_numbers_ends(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("vrdata_operator.state.history", "vrdata_operator.policy.retries"):
        monkeypatch.setattr(f"{module}.MAX_WAVES", 3)
    life.workers.script = lambda one: GONE if one.shard == SHARD else ""
    life.create(one_shard(retries=0))
    status = life.live()
    assert life.reason("Succeeded") == ("False", "FailureBudgetExceeded")
    assert (status.shards.succeeded, status.shards.failed) == (1, 1)
    found = life.condition("Succeeded")
    assert "3 waves" in found.message


def test_a_run_with_three_fifths_of_its_attempts_killed_needs_few_jobs(
    life: Life,
) -> None:
    chance = random.Random(7)  # noqa: S311 - a repeatable test
    life.workers.script = lambda _: GONE if chance.random() < 0.6 else ""
    spec = {"generators": [{"name": "O-maze", "samples": 1200}], "parallelism": 20}
    life.create(run_object(**spec, failurePolicy={"retries": 0}))
    assert life.live(turns=1000).phase == "Succeeded"
    assert len(waves(life)) < 60
    life.no_duplicates()


REASONS = (*OUTSIDE, "GeneratorFailed", "OutOfMemory", "OOMKilled")


@settings(max_examples=20, deadline=None)
@given(
    reasons=st.dictionaries(
        st.builds(Shard, st.sampled_from(["O-maze", "G-ball"]), st.integers(0, 3)),
        st.lists(st.sampled_from(REASONS), max_size=8),
        max_size=8,
    ),
    retries=st.integers(0, 2),
    restarts=st.sets(st.integers(1, 30), max_size=4),
)
def test_every_shard_is_committed_or_lost_and_only_charged_attempts_use_up_retries(
    reasons: dict[Shard, list[str]], retries: int, restarts: set[int]
) -> None:
    life = Life()
    scripted(life, reasons)
    life.create(run_object(failurePolicy={"retries": retries}))
    turns = iter(range(1000))

    def ended() -> bool:
        no_shard_runs_twice(life)
        if next(turns) in restarts:
            life.restart()
        return life.status().finished

    status = life.live(until=ended, turns=600)
    life.no_duplicates()
    counts = status.shards
    assert counts.succeeded + counts.failed == 6
    tries = Counter(one.shard for one in life.workers.tries)
    for shard, tried in tries.items():
        failed = reasons.get(shard, [])[:tried]
        charged = sum(reason not in OUTSIDE for reason in failed)
        committed = len(failed) < tried
        assert charged <= retries if committed else charged == retries + 1
    lost = {shard for shard, tried in tries.items() if len(reasons.get(shard, [])) >= tried}
    assert counts.failed == len(lost)
    assert {one.generator for one in status.failures} == {shard.generator for shard in lost}


def test_a_clock_that_is_put_back_does_not_lengthen_a_pause(life: Life) -> None:
    scripted(life, of_shard(*[GONE] * 4))
    life.create(one_shard(retries=0))
    life.live(until=lambda: life.status().reason == "RetryPaused", turns=40)
    life.now -= 3600
    assert life.live(turns=10).phase == "Succeeded"


def test_an_index_that_a_job_reports_as_failed_is_not_retried_when_its_shard_is_committed(
    life: Life,
) -> None:
    """A Job may lose completed indexes and run them again: kubernetes/kubernetes#108887."""
    life.create(run_object(generators=[{"name": "O-maze", "samples": 400}], parallelism=2))
    life.live(until=lambda: len(life.workers.tries) == 4)
    status = life.job(FIRST)["status"]
    status |= {"completedIndexes": "1-3", "failedIndexes": "0"}
    life.turn()
    assert life.status().failures == ()
    assert len(waves(life)) == 1


def test_a_job_that_fails_as_a_whole_charges_no_shard(life: Life) -> None:
    life.create(one_shard(retries=0))
    life.live(until=lambda: ("team", FIRST) in life.cluster.jobs)
    ended = {"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded", "message": ""}
    life.job(FIRST)["status"] = {"conditions": [ended]}
    assert life.live().phase == "Succeeded"
    assert [wave.uncharged for wave in waves(life)] == [0, 1]


@pytest.mark.parametrize("restart", [False, True])
def test_killed_attempts_of_a_repair_use_up_none_of_its_retries(life: Life, restart: bool) -> None:
    life.create(run_object(failurePolicy={"retries": 0}))
    life.live()
    life.workers.tries.clear()
    life.store.delete(TAR)
    scripted(life, of_shard(GONE, GONE, GONE))
    annotate(life, "again")
    if restart:
        life.live(until=lambda: len(life.workers.tries) >= 2)
        life.restart()
    life.live(until=lambda: repaired(life, "again"))
    assert life.status().phase == "Succeeded"
    assert TAR in life.store.objects
    assert [wave.uncharged for wave in waves(life) if wave.repair] == [0, 1, 2, 3]
