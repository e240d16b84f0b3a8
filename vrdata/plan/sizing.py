"""How many blocks a shard has. Pure.

A lost worker repeats a shard, so a shard is bounded in samples, bytes and time
(docs/decisions.md, "Shard size").
"""

from __future__ import annotations

from vrdata.plan.catalogue import Measured
from vrdata.plan.sources import PlannedSource

MAX_SAMPLES = 512
MAX_BYTES = 256 * 2**20
MAX_SECONDS = 600.0
MAX_GROWTH = 4  # of a shard, to hold a whole part of its source


def automatic_shard_size(measured: Measured | None) -> int:
    """Samples of a shard: at most 512, 256 MiB, and about ten minutes of one child."""
    if measured is None:
        return MAX_SAMPLES
    by_size = MAX_BYTES // measured.bytes_per_sample
    by_time = MAX_SECONDS / measured.seconds_per_sample
    return max(1, int(min(MAX_SAMPLES, by_size, by_time)))


def converted_shard_size(measured: Measured | None, source: PlannedSource) -> int:
    """Items of a converter's shard: those of an average part, if they are not too many.

    Shards that share a part, such as a row group, each fetch it.
    """
    size = automatic_shard_size(measured)
    of_part = source.items // max(1, source.parts)
    return min(max(size, of_part), MAX_GROWTH * size)


def blocks_per_shard(shard_size: int, block_size: int) -> int:
    """Whole blocks that fit into a shard, at least one."""
    return max(1, shard_size // block_size)
