"""Shard sizes: bounded in samples, bytes and time, in whole blocks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vrdata.api.source import SourceSpec
from vrdata.plan.catalogue import Measured
from vrdata.plan.sizing import (
    MAX_BYTES,
    MAX_SAMPLES,
    MAX_SECONDS,
    automatic_shard_size,
    blocks_per_shard,
    converted_shard_size,
)
from vrdata.plan.sources import LargestPart, PinnedSource, PlannedSource


def measured(seconds: float, size: int) -> Measured:
    return Measured(seconds_per_sample=seconds, peak_memory_bytes=0, bytes_per_sample=size)


@pytest.mark.parametrize(
    ("figures", "samples"),
    [
        (None, 512),
        (measured(0.01, 1000), 512),
        (measured(0.01, 2**20), 256),
        (measured(3.0, 1000), 200),
        (measured(601.0, 1000), 1),
        (measured(0.01, 2**40), 1),
        (measured(5e-324, 1), 512),
    ],
)
def test_known_sizes(figures: Measured | None, samples: int) -> None:
    assert automatic_shard_size(figures) == samples


@given(seconds=st.floats(5e-324, 1e9), size=st.integers(1, 10**12))
def test_a_shard_stays_within_every_bound_unless_it_is_one_sample(
    seconds: float, size: int
) -> None:
    samples = automatic_shard_size(measured(seconds, size))
    assert 1 <= samples <= MAX_SAMPLES
    if samples > 1:
        assert samples * size <= MAX_BYTES
        assert samples * seconds <= MAX_SECONDS * (1 + 1e-9)


@pytest.mark.parametrize(
    ("shard_size", "block_size", "blocks"),
    [(512, 10, 51), (10, 10, 1), (9, 10, 1), (19, 10, 1), (20, 10, 2), (1, 1000, 1)],
)
def test_a_shard_holds_whole_blocks_and_at_least_one(
    shard_size: int, block_size: int, blocks: int
) -> None:
    assert blocks_per_shard(shard_size, block_size) == blocks


def pinned(items: int, parts: int, largest: int | None) -> PinnedSource:
    source = PlannedSource(url="a", items=items, parts=parts, digest="sha256:" + "0" * 64)
    part = None if largest is None else LargestPart(name="a", bytes=1, items=largest)
    return PinnedSource(requested=SourceSpec(url="a"), source=source, largest=part)


@pytest.mark.parametrize(
    ("items", "parts", "largest", "size"),
    [
        (50_000, 500, None, 500),
        (5000, 50, None, 300),
        (2550, 26, 100, 100),
        (600, 6, 100, 100),
        (600, 3, 250, 250),
        (5000, 5, None, 1000),
        (2550, 3, 1000, 1000),
        (1_000_000, 1, None, 2045),
        (20_000, 2, 10_000, 2000),
        (30_000, 30_000, 1, 512),
        (3000, 3000, 1, 187),
        (300, 300, 1, 100),
        (0, 0, None, 100),
    ],
)
def test_a_shard_of_a_converter_holds_whole_parts_or_shares_one_with_few_others(
    items: int, parts: int, largest: int | None, size: int
) -> None:
    assert converted_shard_size(None, pinned(items, parts, largest)) == size


@pytest.mark.parametrize(
    ("group", "block"),
    [(group, block) for block in (10, 25) for group in (10, 30, 100, 250, 500, 1000, 2000)],
)
@pytest.mark.parametrize("items", [2000, 2550, 10_000])
def test_no_two_shards_fetch_the_same_row_group_if_a_few_of_them_have_whole_blocks(
    group: int, block: int, items: int
) -> None:
    source = pinned(items, -(-items // group), min(group, items))
    shard = blocks_per_shard(converted_shard_size(None, source, block), block) * block
    fetched = sum(
        -(-min(start + shard, items) // group) - start // group for start in range(0, items, shard)
    )
    assert fetched == source.source.parts
