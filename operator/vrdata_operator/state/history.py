"""The waves of an output: those of this run and those of earlier runs. Pure.

An earlier object of the same name may have stored the first waves. Its attempts do not count
against this run's retries, and its failure records are ignored.
"""

from __future__ import annotations

import functools
import itertools
from dataclasses import dataclass
from functools import cached_property

from vrdata.api.run import FailurePolicy
from vrdata.plan.waves import Wave
from vrdata_operator.state.shard_sets import ShardSet


@dataclass(frozen=True)
class History:
    """All waves so far, as one run sees them.

    Attributes:
        waves: in order; a wave's number is its position.
        run: UID of the run.
    """

    waves: tuple[Wave, ...]
    run: str

    @cached_property
    def own(self) -> tuple[Wave, ...]:
        """Waves of this run."""
        return tuple(wave for wave in self.waves if wave.run == self.run)

    @cached_property
    def first_attempt(self) -> int:
        """Number of this run's first attempts: after those of earlier runs."""
        earlier = itertools.takewhile(lambda wave: wave.run != self.run, self.waves)
        return max((wave.attempt + 1 for wave in earlier), default=0)

    def is_last(self, attempt: int, policy: FailurePolicy) -> bool:
        """Whether no retry follows this attempt."""
        return attempt - self.first_attempt >= policy.retries

    @cached_property
    def assigned(self) -> ShardSet:
        """Every shard of this run's waves."""
        return functools.reduce(ShardSet.__or__, map(ShardSet.of_wave, self.own), ShardSet())

    def open_shards(self, committed: ShardSet) -> dict[int, ShardSet]:
        """Uncommitted shards by the latest wave of this run that contains them."""
        found: dict[int, ShardSet] = {}
        later = committed
        for wave in reversed(self.own):
            shards = ShardSet.of_wave(wave)
            found[wave.wave] = shards - later
            later |= shards
        return {number: found[number] for number in sorted(found) if found[number]}
