"""Sets of shards behave as Python's sets, in a fraction of the time and memory."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from support.lives import small_plan
from vrdata.plan.planned import Shard
from vrdata.plan.waves import MAX_SHARDS, Wave, to_spans
from vrdata_operator.state.shard_sets import ShardSet, indexes_of, shards_at

SHARDS = st.sets(st.builds(Shard, st.sampled_from(["O-a", "O-b", "G-c"]), st.integers(0, 200)))


def wave_of(shards: list[Shard]) -> Wave:
    return Wave(
        plan="sha256:x",
        wave=0,
        generator_class="O",
        attempt=0,
        memory_bytes=1,
        spans=to_spans(shards),
    )


@given(SHARDS, SHARDS)
def test_the_operators_are_those_of_sets(left: set[Shard], right: set[Shard]) -> None:
    first, second = ShardSet.of(left), ShardSet.of(right)
    assert set(first | second) == left | right
    assert set(first & second) == left & right
    assert set(first - second) == left - right
    assert (first == second) is (left == right)
    assert (first <= second) is (left <= right)
    assert len(first) == len(left)
    assert all(shard in first for shard in left)
    assert not any(shard in first for shard in right - left)


@given(SHARDS, SHARDS)
def test_plain_sets_may_be_the_other_operand(left: set[Shard], right: set[Shard]) -> None:
    first = ShardSet.of(left)
    assert set(first | right) == left | right
    assert set(first - right) == left - right
    assert first == left


@given(SHARDS)
def test_shards_come_in_the_order_of_generators_and_numbers(shards: set[Shard]) -> None:
    assert list(ShardSet.of(shards)) == sorted(shards)
    assert list(ShardSet.of(shards).only(["O-b"])) == sorted(s for s in shards if s[0] == "O-b")


@given(SHARDS.filter(bool), SHARDS)
def test_a_wave_has_the_shards_of_its_spans(shards: set[Shard], some: set[Shard]) -> None:
    wave = wave_of(sorted(shards))
    assert ShardSet.of_wave(wave) == shards
    indexes = indexes_of(wave, ShardSet.of(some))
    assert [wave.shard(index) for index in indexes] == sorted(some & shards)


def test_a_plan_has_all_its_shards() -> None:
    plan = small_plan(O_a=3, G_b=2)
    assert ShardSet.of_plan(plan) == set(plan.all_shards())


def test_what_is_no_shard_is_not_in_a_set() -> None:
    shards = ShardSet.of([Shard("O-a", 0)])
    assert "O-a" not in shards
    assert ("O-a", 1) not in shards
    assert ("O-b", 0) not in shards


@given(SHARDS.filter(bool), st.sets(st.integers(0, 400)))
def test_indexes_of_a_wave_give_the_shards_that_the_wave_gives(
    shards: set[Shard], indexes: set[int]
) -> None:
    wave = wave_of(sorted(shards))
    inside = sorted(index for index in indexes if index < wave.size)
    assert list(shards_at(wave, indexes)) == [(index, wave.shard(index)) for index in inside]


def test_shards_of_a_wave_with_many_gaps_are_found_in_one_pass() -> None:
    shards = [Shard("O-a", number) for number in range(0, 2 * MAX_SHARDS, 2)]
    wave = wave_of(shards)
    started = time.process_time()
    assert ShardSet.of(shard for _, shard in shards_at(wave, range(MAX_SHARDS))) == set(shards)
    assert ShardSet.of_wave(wave) == set(shards)
    assert time.process_time() - started < 1.0  # one search for each index takes several seconds
