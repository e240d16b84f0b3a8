"""Missing shards, and the waves that make them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.plans.catalogues import make_run, planned
from vrdata.plan.planned import Shard
from vrdata.plan.waves import MAX_SHARDS, Wave, chunks, to_spans

PLAN = planned(make_run("O-a", "G-b", "M-c", "O-d", shardSize=30), "O-a", "G-b", "M-c", "O-d")
ALL = [Shard(name, shard) for name in ("G-b", "M-c", "O-a", "O-d") for shard in range(4)]
SHARDS = st.lists(
    st.builds(Shard, st.sampled_from(["O-a", "G-b"]), st.integers(0, 30)), unique=True
)


def wave_of(shards: list[Shard]) -> Wave:
    return Wave.model_validate(
        {
            "plan": PLAN.hash,
            "wave": 0,
            "class": "O",
            "attempt": 0,
            "memoryBytes": 1,
            "spans": to_spans(shards),
        }
    )


def test_with_nothing_committed_every_shard_is_missing_in_plan_order() -> None:
    assert list(PLAN.all_shards()) == ALL


@given(committed=st.sets(st.sampled_from(ALL)))
def test_missing_and_committed_shards_are_the_plan(committed: set[Shard]) -> None:
    missing = list(PLAN.missing_shards(committed))
    assert missing == [shard for shard in ALL if shard not in committed]


def test_commit_markers_that_the_plan_does_not_know_are_passed_over() -> None:
    assert list(PLAN.missing_shards({*ALL, Shard("O-a", 99), Shard("O-old", 0)})) == []


@given(shards=SHARDS.filter(bool))
def test_each_completion_index_of_a_wave_makes_one_shard(shards: list[Shard]) -> None:
    wave = wave_of(shards)
    made = list(wave.shards())
    assert sorted(made) == sorted(shards)
    assert wave.size == len(shards)
    assert [wave.shard(index) for index in range(wave.size)] == made


@given(shards=SHARDS.filter(bool))
def test_a_stored_wave_is_read_back_equal(shards: list[Shard]) -> None:
    wave = wave_of(shards)
    assert Wave.model_validate_json(wave.to_json()) == wave


@pytest.mark.parametrize("index", [-1, 2, 10**9])
def test_a_completion_index_outside_the_wave_is_an_error(index: int) -> None:
    with pytest.raises(IndexError):
        wave_of([Shard("O-a", 0), Shard("O-a", 1)]).shard(index)


def test_a_wave_whose_file_was_lost_has_no_shards() -> None:
    wave = wave_of([])
    assert (wave.size, list(wave.shards())) == (0, [])
    with pytest.raises(IndexError):
        wave.shard(0)


@given(numbers=st.frozensets(st.integers(0, 60) | st.integers(0, 10**6)))
def test_spans_are_ascending_apart_and_cover_the_shards(numbers: frozenset[int]) -> None:
    spans = to_spans(Shard("O-a", number) for number in numbers)
    assert {n for span in spans for n in range(span.first, span.last + 1)} == numbers
    assert all(before.last + 1 < after.first for before, after in pairwise(spans))


def test_consecutive_shards_share_a_span() -> None:
    shards = [Shard("O-a", 3), Shard("O-a", 1), Shard("G-b", 0), Shard("O-a", 2)]
    assert [(span.generator, span.first, span.last) for span in to_spans(shards)] == [
        ("O-a", 1, 3),
        ("G-b", 0, 0),
    ]


@pytest.mark.parametrize(
    ("count", "sizes"),
    [(0, []), (1, [1]), (MAX_SHARDS, [MAX_SHARDS]), (MAX_SHARDS + 1, [MAX_SHARDS, 1])],
)
def test_shards_are_cut_into_what_one_job_can_hold(count: int, sizes: list[int]) -> None:
    shards = [Shard("O-a", shard) for shard in range(count)]
    parts = list(chunks(shards))
    assert [len(part) for part in parts] == sizes
    assert [shard for part in parts for shard in part] == shards
