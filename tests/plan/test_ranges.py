"""Blocks and shards of one generator: a partition, and never part of a sample's identity."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vrdata.plan.planned import PlannedGenerator, ShardRange


def generator(samples: int, block_size: int, shard_blocks: int) -> PlannedGenerator:
    return PlannedGenerator.model_validate(
        {
            "name": "O-a",
            "class": "O",
            "digest": "sha256:" + "a" * 64,
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


@given(
    samples=st.integers(1, 3000), block_size=st.integers(1, 1000), shard_blocks=st.integers(1, 600)
)
def test_shards_cover_every_sample_once_and_cut_between_blocks(
    samples: int, block_size: int, shard_blocks: int
) -> None:
    one = generator(samples, block_size, shard_blocks)
    ranges = [one.shard(index) for index in range(one.shards)]
    assert [index for item in ranges for index in range(item.start, item.stop)] == [*range(samples)]
    blocks = [block for item in ranges for block in range(item.first_block, item.last_block)]
    assert blocks == [*range(one.blocks)]
    assert all(item.start == item.first_block * block_size for item in ranges)
    assert all(item.start < item.stop <= item.last_block * block_size for item in ranges)


@pytest.mark.parametrize("index", [-1, 3, 10**9])
def test_a_shard_outside_the_plan_is_an_error(index: int) -> None:
    with pytest.raises(IndexError):
        generator(samples=23, block_size=5, shard_blocks=2).shard(index)
