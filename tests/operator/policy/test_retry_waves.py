"""Which shards go into which wave, with which memory and attempt."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from support.lives import small_plan as plan
from support.operator.failures import failed_attempt
from vrdata.api.profile import GenerationProfileSpec
from vrdata.api.run import FailurePolicy
from vrdata.contract.reasons import FailureReason
from vrdata.plan.planned import Shard
from vrdata.plan.waves import MAX_SHARDS, Wave, to_spans
from vrdata_operator.policy.retries import first_waves, ladder, retry_waves
from vrdata_operator.state.history import History
from vrdata_operator.state.shard_sets import ShardSet

GIB = 2**30
PROFILE = GenerationProfileSpec()
POLICY = FailurePolicy(retries=2, max_failed_samples=5)
NONE = History((), "run")


def all_of(waves: list[Wave]) -> list[Shard]:
    return [shard for wave in waves for shard in wave.shards()]


def test_first_waves_are_of_one_class_and_at_most_ten_thousand_shards() -> None:
    waves = first_waves(plan(G_b=3, O_a=MAX_SHARDS + 1, O_c=2), ShardSet(), NONE, PROFILE, POLICY)
    assert [(one.wave, one.generator_class, one.size) for one in waves] == [
        (0, "O", MAX_SHARDS),
        (1, "O", 3),
        (2, "G", 3),
    ]
    assert {one.memory_bytes for one in waves if one.generator_class == "O"} == {2 * GIB}
    assert {one.memory_bytes for one in waves if one.generator_class == "G"} == {4 * GIB}
    assert all(one.allow_failed_samples == 0 for one in waves)


@given(
    committed=st.sets(st.integers(0, 19)),
    assigned=st.sets(st.integers(0, 19), max_size=10),
)
def test_first_waves_contain_exactly_the_missing_shards_of_no_wave(
    committed: set[int], assigned: set[int]
) -> None:
    stored: list[Wave] = []
    if assigned:
        shards = [("O-a", at) for at in sorted(assigned)]
        stored = [
            Wave(
                plan="p",
                run="run",
                wave=0,
                generator_class="O",
                attempt=0,
                memory_bytes=1,
                spans=to_spans(shards),
            )
        ]
    done = ShardSet.of(Shard("O-a", at) for at in committed)
    waves = first_waves(plan(O_a=20), done, History(tuple(stored), "run"), PROFILE, POLICY)
    assert sorted(all_of(waves)) == [
        ("O-a", at) for at in range(20) if at not in committed | assigned
    ]


def test_nothing_missing_needs_no_wave() -> None:
    done = ShardSet.of([Shard("O-a", 0)])
    assert first_waves(plan(O_a=1), done, NONE, PROFILE, POLICY) == []


def test_without_retries_the_first_attempt_may_drop_samples() -> None:
    policy = FailurePolicy(retries=0, max_failed_samples=5)
    (waves,) = first_waves(plan(O_a=1), ShardSet(), NONE, PROFILE, policy)
    assert waves.allow_failed_samples == 5


def started(**samples: int) -> History:
    waves = first_waves(plan(**samples), ShardSet(), NONE, PROFILE, POLICY)
    return History(tuple(waves), "run")


def retried(history: History, failures: dict[int, FailureReason], wave: int = 0) -> list[Wave]:
    """The waves that follow when these shards of a wave failed for these reasons."""
    failed, at = history.waves[wave], {}
    for number, reason in failures.items():
        failure = failed_attempt(("O-a", number), failed.attempt, reason)
        at[Shard("O-a", number)] = history.following(failed, failure, None, POLICY, ceiling=8 * GIB)
    return retry_waves(history, {wave: at}, PROFILE, POLICY)


def test_retries_are_grouped_by_memory_and_only_shards_out_of_memory_get_more() -> None:
    failures = {
        0: FailureReason.OUT_OF_MEMORY,
        1: FailureReason.SAMPLE_TIMEOUT,
        2: FailureReason.INVALID_OUTPUT,
        3: FailureReason.OUT_OF_MEMORY,
    }
    waves = retried(started(O_a=4), failures)
    assert [(one.wave, one.attempt, one.memory_bytes, list(one.shards())) for one in waves] == [
        (1, 1, 2 * GIB, [("O-a", 1), ("O-a", 2)]),
        (2, 1, 4 * GIB, [("O-a", 0), ("O-a", 3)]),
    ]


def test_the_last_attempt_may_drop_samples_and_no_wave_follows_it() -> None:
    history = started(O_a=1)
    allowed = []
    for number in range(2):
        (wave,) = retried(history, {0: FailureReason.SAMPLE_TIMEOUT}, number)
        allowed.append(wave.allow_failed_samples)
        history = History((*history.waves, wave), "run")
    assert allowed == [0, 5]
    assert retried(history, {0: FailureReason.SAMPLE_TIMEOUT}, 2) == []


@given(st.integers(1, 64), st.integers(1, 64), st.integers(0, 9))
def test_memory_increases_up_to_the_ceiling_and_never_decreases(
    memory: int, ceiling: int, steps: int
) -> None:
    first, most = f"{min(memory, ceiling)}Gi", f"{max(memory, ceiling)}Gi"
    profile = GenerationProfileSpec.model_validate(
        {"classes": {"O": {"memory": first, "memoryCeiling": most}}}
    )
    rungs = ladder(profile, "O")
    at = rungs.memory
    for _ in range(steps):
        following = rungs.next(at)
        assert at <= following <= min(2 * at, rungs.ceiling)
        at = following
    assert rungs.next(64 * GIB) == 64 * GIB  # the profile was reduced in the meantime


def test_an_open_shard_belongs_to_the_latest_wave_that_contains_it() -> None:
    history = started(O_a=3)
    (again,) = retried(history, {1: FailureReason.SAMPLE_TIMEOUT})
    both = History((*history.waves, again), "run")
    assert both.open_shards(ShardSet.of([Shard("O-a", 0)]), ShardSet()) == {
        0: {("O-a", 2)},
        1: {("O-a", 1)},
    }


def test_waves_of_an_earlier_run_do_not_count_as_attempts() -> None:
    earlier = started(O_a=2)
    (again,) = retried(earlier, {1: FailureReason.SAMPLE_TIMEOUT})
    later = History((*earlier.waves, again), "another")
    assert later.open_shards(ShardSet(), ShardSet()) == {}
    waves = first_waves(plan(O_a=2), ShardSet.of([Shard("O-a", 0)]), later, PROFILE, POLICY)
    assert [(one.wave, one.attempt, one.run) for one in waves] == [(2, 2, "another")]
    grown = History((*later.waves, *waves), "another")
    assert not grown.is_last(3, POLICY)
    assert grown.is_last(4, POLICY)
