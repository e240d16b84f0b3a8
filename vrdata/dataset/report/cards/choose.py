"""Which samples get a card: a few of each generator, the same ones on each machine. Pure.

The first and the last sample of a generator, and between them those with the lowest hash of run
seed, generator and index. In a tar.gz a sample is reached only by reading everything before
it, so only samples at the start of a shard can be chosen.
"""

from __future__ import annotations

import hashlib
import heapq
from dataclasses import dataclass, field
from typing import NamedTuple

from vrdata.dataset.formats.registry import format_of
from vrdata.plan.planned import Plan

PER_GENERATOR = 24
TOTAL = 1000
LEADING = 24
"""Indexes at the start of a tar.gz shard whose samples can be chosen."""


class Choice(NamedTuple):
    """A chosen sample; it sorts by shard and index within a generator."""

    generator: str
    shard: int
    sample_index: int


@dataclass(slots=True)
class _Chosen:
    """Of one generator: both ends, and a heap of the lowest ranks with the highest on top."""

    first: Choice | None = None
    last: Choice | None = None
    lowest: list[tuple[int, int, Choice]] = field(default_factory=list)


class CardChooser:
    """Takes a run's samples in any order; keeps a constant number of them.

    Args:
        plan: the run's plan.
    """

    def __init__(self, plan: Plan) -> None:
        self._seed = plan.seed
        self._count = cards_per_generator(len(plan.generators))
        self._chosen = {planned.name: _Chosen() for planned in plan.generators}
        self._planned = {planned.name: planned for planned in plan.generators}
        self._is_sequential = format_of(plan.output.format).is_sequential

    def add(self, generator: str, shard: int, index: int) -> None:
        """Consider the sample with a global index."""
        if self._is_sequential:
            start = self._planned[generator].shard(shard).start
            if index >= start + LEADING:
                return
        chosen, choice = self._chosen[generator], Choice(generator, shard, index)
        chosen.first = min(chosen.first or choice, choice)
        chosen.last = max(chosen.last or choice, choice)
        entry = (-_rank(self._seed, generator, index), -index, choice)
        if len(chosen.lowest) < self._count:
            heapq.heappush(chosen.lowest, entry)
        elif entry > chosen.lowest[0]:
            heapq.heapreplace(chosen.lowest, entry)

    def choices(self) -> list[Choice]:
        """The chosen samples by generator in plan order, then by index."""
        return [choice for chosen in self._chosen.values() for choice in self._of(chosen)]

    def _of(self, chosen: _Chosen) -> list[Choice]:
        by_rank = [choice for _, _, choice in sorted(chosen.lowest, reverse=True)]
        ends = [choice for choice in (chosen.first, chosen.last) if choice is not None]
        return sorted(list(dict.fromkeys([*ends, *by_rank]))[: self._count])


def cards_per_generator(generators: int) -> int:
    """How many cards each of so many generators gets; at least one."""
    return max(1, min(PER_GENERATOR, TOTAL // max(1, generators)))


def _rank(seed: int, generator: str, index: int) -> int:
    digest = hashlib.sha256(f"{seed}/{generator}/{index}".encode()).digest()
    return int.from_bytes(digest[:8])
