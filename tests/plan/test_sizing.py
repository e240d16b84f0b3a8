"""Shard sizes: bounded in samples, bytes and time, in whole blocks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vrdata.plan.catalogue import Measured
from vrdata.plan.sizing import (
    MAX_BYTES,
    MAX_SAMPLES,
    MAX_SECONDS,
    automatic_shard_size,
    blocks_per_shard,
    converted_shard_size,
)
from vrdata.plan.sources import PlannedSource


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


@pytest.mark.parametrize(
    ("items", "parts", "size"),
    [(5000, 50, 512), (5000, 5, 1000), (1_000_000, 1, 4 * 512), (300, 300, 512), (0, 0, 512)],
    ids=["small parts", "a whole part", "a huge part", "files", "nothing"],
)
def test_a_shard_of_a_converter_holds_a_whole_part_if_it_is_not_too_large(
    items: int, parts: int, size: int
) -> None:
    source = PlannedSource(url="a", items=items, parts=parts, digest="sha256:" + "0" * 64)
    assert converted_shard_size(None, source) == size
