"""How many blocks a shard has. Pure.

A lost worker repeats a shard, so a shard is bounded in samples, bytes and time
(docs/decisions.md, "Shard size").
"""

from __future__ import annotations

from math import lcm

from vrdata.plan.catalogue import Measured
from vrdata.plan.sources import PinnedSource

MAX_SAMPLES = 512
MAX_BYTES = 256 * 2**20
MAX_SECONDS = 600.0
MAX_GROWTH = 4  # of a shard, to hold a whole part of its source
FEW_SHARDS = 16  # that a small source has, so that all processors work
LEAST_ITEMS = 100  # of a shard; smaller ones would cost more than they help


def automatic_shard_size(measured: Measured | None) -> int:
    """Samples of a shard: at most 512, 256 MiB, and about ten minutes of one child."""
    if measured is None:
        return MAX_SAMPLES
    by_size = MAX_BYTES // measured.bytes_per_sample
    by_time = MAX_SECONDS / measured.seconds_per_sample
    return max(1, int(min(MAX_SAMPLES, by_size, by_time)))


def converted_shard_size(
    measured: Measured | None, pinned: PinnedSource, block_size: int = 1
) -> int:
    """Items of a converter's shard: whole parts, or an equal share of a part that has too many.

    Shards that share a part, such as a row group, each fetch it. The row groups of a file usually
    have the same number of rows, except the last one. A source with few items has smaller shards,
    which several workers convert at the same time.

    Args:
        measured: of the converter.
        pinned: its source.
        block_size: items of a block; if possible, a shard has whole blocks, too.
    """
    size, source = automatic_shard_size(measured), pinned.source
    average = source.items // max(1, source.parts)
    of_part = max(1, pinned.largest.items if pinned.largest else average)
    if of_part <= size:
        whole = lcm(of_part, block_size)
        whole = whole if whole <= size else of_part
        size = min(size, max(source.items // FEW_SHARDS, LEAST_ITEMS, whole))
        return size - size % whole
    shares = -(-of_part // (MAX_GROWTH * size))
    return -(-of_part // shares)


def blocks_per_shard(shard_size: int, block_size: int) -> int:
    """Whole blocks that fit into a shard, at least one."""
    return max(1, shard_size // block_size)
