"""Which samples get a card: few for each generator, the same ones however the run was made. Pure.

The first and the last sample of a generator, and between them those with the lowest hash of run
seed, generator and index. In tar.gz a sample is reached only by reading all that lies before it,
so there only samples at the start of a shard can be chosen.
"""

from __future__ import annotations

import hashlib
import heapq
from dataclasses import dataclass, field

from vrdata.dataset.formats.registry import format_of
from vrdata.dataset.manifest import SampleRecord, ShardManifest
from vrdata.plan.planned import Plan

PER_GENERATOR = 24
TOTAL = 1000
LEADING = 24
"""Indexes at the start of a tar.gz shard whose samples can be chosen."""


@dataclass(frozen=True, slots=True)
class Pick:
    """A chosen sample and its shard's manifest."""

    manifest: ShardManifest
    sample: SampleRecord


@dataclass(slots=True)
class _Chosen:
    """Of one generator: the ends, and a heap of the lowest ranks with the highest on top."""

    first: Pick | None = None
    last: Pick | None = None
    lowest: list[tuple[int, int, Pick]] = field(default_factory=list)


class CardChooser:
    """Takes samples in plan order; keeps at most a constant number of them.

    Args:
        plan: the run's plan.
    """

    def __init__(self, plan: Plan) -> None:
        self._seed = plan.seed
        self._count = cards_per_generator(len(plan.generators))
        self._chosen = {planned.name: _Chosen() for planned in plan.generators}

    def add(self, manifest: ShardManifest, sample: SampleRecord) -> None:
        """Consider one sample of a shard."""
        if format_of(manifest.format).is_sequential and (sample.index >= manifest.start + LEADING):
            return
        chosen = self._chosen[manifest.generator]
        pick = Pick(manifest, sample)
        chosen.first = chosen.first or pick
        chosen.last = pick
        entry = (-_rank(self._seed, manifest.generator, sample.index), -sample.index, pick)
        if len(chosen.lowest) < self._count:
            heapq.heappush(chosen.lowest, entry)
        elif entry[:2] > chosen.lowest[0][:2]:
            heapq.heapreplace(chosen.lowest, entry)

    def picks(self) -> list[Pick]:
        """The chosen samples by generator in plan order, then by index."""
        return [pick for chosen in self._chosen.values() for pick in self._of(chosen)]

    def _of(self, chosen: _Chosen) -> list[Pick]:
        by_rank = [pick for _, _, pick in sorted(chosen.lowest, key=lambda entry: entry[:2])]
        wanted = [pick for pick in (chosen.first, chosen.last) if pick is not None]
        unique = {pick.sample.index: pick for pick in [*wanted, *reversed(by_rank)]}
        return sorted(
            [unique[index] for index in list(unique)[: self._count]],
            key=lambda pick: pick.sample.index,
        )


def cards_per_generator(generators: int) -> int:
    """How many cards each of so many generators gets; at least one."""
    return max(1, min(PER_GENERATOR, TOTAL // max(1, generators)))


def _rank(seed: int, generator: str, index: int) -> int:
    digest = hashlib.sha256(f"{seed}/{generator}/{index}".encode()).digest()
    return int.from_bytes(digest[:8])
