"""The waves of an output as one run sees them. Pure.

Another object of the same name may have made the first of them; its attempts do not use up
this run's, and their failure records are never mistaken for this run's.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property

from vrdata.api.run import FailurePolicy
from vrdata.plan.planned import Shard
from vrdata.plan.waves import Wave


@dataclass(frozen=True)
class History:
    """All waves so far, and whose turn it is.

    Attributes:
        waves: in order; a wave's number is its place.
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

    def open_shards(self, committed: frozenset[Shard]) -> dict[int, list[Shard]]:
        """Uncommitted shards by the run's wave that has them now; other waves are left out."""
        latest = {shard: wave.wave for wave in self.own for shard in wave.shards()}
        found = {
            wave.wave: [
                shard
                for shard in wave.shards()
                if shard not in committed and latest[shard] == wave.wave
            ]
            for wave in self.own
        }
        return {number: shards for number, shards in found.items() if shards}
