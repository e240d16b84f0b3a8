"""Blocks and shards of one generator: a partition, and never part of a sample's identity."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vrdata.plan.planned import PlannedGenerator, ShardRange


def generator(samples: int, block_size: int, shard_blocks: int, start: int = 0) -> PlannedGenerator:
    return PlannedGenerator.model_validate(
        {
            "name": "O-a",
            "class": "O",
            "digest": "sha256:" + "a" * 64,
            "start": start,
            "samples": samples,
            "blockSize": block_size,
            "shardBlocks": shard_blocks,
        }
    )


def test_ranges_of_a_small_generator() -> None:
    one = generator(samples=23, block_size=5, shard_blocks=2)
    assert (one.blocks, one.shards) == (5, 3)
    assert [one.shard(index) for index in range(3)] == [
        ShardRange("O-a", 0, first_block=0, last_block=2, start=0, stop=10),
        ShardRange("O-a", 1, first_block=2, last_block=4, start=10, stop=20),
        ShardRange("O-a", 2, first_block=4, last_block=5, start=20, stop=23),
    ]


def test_ranges_of_a_generator_that_starts_inside_a_block() -> None:
    one = generator(start=12, samples=11, block_size=5, shard_blocks=2)
    assert (one.first_block, one.blocks, one.shards, one.stop) == (2, 3, 2, 23)
    assert [one.shard(index) for index in range(2)] == [
        ShardRange("O-a", 0, first_block=2, last_block=4, start=12, stop=20),
        ShardRange("O-a", 1, first_block=4, last_block=5, start=20, stop=23),
    ]


STARTS = st.just(0) | st.integers(0, 5000) | st.integers(0, 99_990_000)
SIZES = {"block_size": st.integers(1, 1000), "shard_blocks": st.integers(1, 600)}


@given(start=STARTS, samples=st.integers(1, 3000), **SIZES)
def test_shards_cover_every_sample_once_and_cut_between_blocks(
    start: int, samples: int, block_size: int, shard_blocks: int
) -> None:
    one = generator(samples, block_size, shard_blocks, start)
    ranges = [one.shard(index) for index in range(one.shards)]
    covered = [index for item in ranges for index in range(item.start, item.stop)]
    assert covered == [*range(start, start + samples)]
    blocks = [block for item in ranges for block in range(item.first_block, item.last_block)]
    assert blocks == [*range(one.first_block, one.first_block + one.blocks)]
    assert all(item.start == item.first_block * block_size for item in ranges[1:])
    assert ranges[0].start // block_size == ranges[0].first_block
    assert all(item.start < item.stop <= item.last_block * block_size for item in ranges)


@given(start=STARTS, samples=st.integers(1, 3000), at=st.integers(0, 2999), **SIZES)
def test_each_sample_belongs_to_the_shard_whose_range_has_it(
    start: int, samples: int, at: int, block_size: int, shard_blocks: int
) -> None:
    one = generator(samples, block_size, shard_blocks, start)
    sample = start + at % samples
    found = one.shard(one.shard_of(sample))
    assert found.start <= sample < found.stop


@pytest.mark.parametrize("sample", [0, 11, 23, 10**9])
def test_a_sample_outside_the_range_belongs_to_no_shard(sample: int) -> None:
    with pytest.raises(IndexError):
        generator(start=12, samples=11, block_size=5, shard_blocks=2).shard_of(sample)


@given(start=STARTS, first=st.integers(1, 300), second=st.integers(1, 300), **SIZES)
def test_a_run_and_its_extension_use_the_blocks_of_one_run(
    start: int, first: int, second: int, block_size: int, shard_blocks: int
) -> None:
    one = generator(first, block_size, shard_blocks, start)
    more = generator(second, block_size, shard_blocks, one.stop)
    whole = generator(first + second, block_size, shard_blocks, start)
    used = {
        block
        for part in (one, more)
        for block in range(part.first_block, part.first_block + part.blocks)
    }
    assert sorted(used) == [*range(whole.first_block, whole.first_block + whole.blocks)]
    assert (one.start, more.stop) == (whole.start, whole.stop)


@pytest.mark.parametrize("index", [-1, 3, 10**9])
def test_a_shard_outside_the_plan_is_an_error(index: int) -> None:
    with pytest.raises(IndexError):
        generator(samples=23, block_size=5, shard_blocks=2).shard(index)
