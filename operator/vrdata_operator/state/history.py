"""The waves of an output: those of this run and those of earlier runs. Pure.

An earlier object of the same name may have stored the first waves. Its attempts do not count
against this run's retries, and its failure records are ignored.
"""

from __future__ import annotations

import functools
import itertools
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from vrdata.api.run import FailurePolicy
from vrdata.contract.attempts import is_exhausted, retry_after
from vrdata.contract.reasons import FailureReason
from vrdata.contract.records import Failure
from vrdata.contract.retries import Retry, is_retried
from vrdata.plan.planned import Shard
from vrdata.plan.waves import MAX_WAVES, Wave
from vrdata_operator.state.shard_sets import ShardSet, shards_at


class Next(Enum):
    """What follows a failed attempt of a shard."""

    NOTHING = "the shard is lost"
    UNCHARGED = "an attempt like the failed one, which is not charged"
    CHARGED = "an attempt that uses up one of failurePolicy.retries"
    LARGER = "the same, with more memory"
    DROPPING = "the same, which may drop the samples that fail"


@dataclass(frozen=True)
class History:
    """All waves so far, as one run sees them.

    Attributes:
        waves: in order; a wave's number is its position.
        run: UID of the run.
        request: value of its repair annotation. Another value compares everything again, so what
            the waves of an earlier repair did not generate is not waited for.
    """

    waves: tuple[Wave, ...]
    run: str
    request: str = ""

    @cached_property
    def own(self) -> tuple[Wave, ...]:
        """Waves of this run."""
        return tuple(wave for wave in self.waves if wave.run == self.run)

    @cached_property
    def first_attempt(self) -> int:
        """Number of this run's first attempts: after those of earlier runs."""
        earlier = itertools.takewhile(lambda wave: wave.run != self.run, self.waves)
        return max((wave.attempt + 1 for wave in earlier), default=0)

    @property
    def repair_attempt(self) -> int:
        """Number of the first attempts of a new repair.

        A gap separates it from all earlier attempts, so each repair has retries of its own.
        """
        return max((wave.attempt for wave in self.waves), default=-1) + 2

    @property
    def full(self) -> bool:
        """Whether the numbers of waves are used up."""
        return len(self.waves) >= MAX_WAVES

    def is_last(
        self, attempt: int, policy: FailurePolicy, *, uncharged: int = 0, repair: bool = False
    ) -> bool:
        """Whether no retry follows this attempt, if it is charged.

        Args:
            attempt: its number.
            policy: of the run.
            uncharged: how many attempts before it are not charged.
            repair: whether it is an attempt of a repair.
        """
        first = self.first_attempt
        if repair:
            first = attempt
            while first - 1 in self._repair_attempts:
                first -= 1
        return attempt - first - uncharged >= policy.retries

    @cached_property
    def _repair_attempts(self) -> frozenset[int]:
        return frozenset(wave.attempt for wave in self.own if wave.repair)

    def following(
        self,
        wave: Wave,
        failure: Failure | None,
        previous: Failure | None,
        policy: FailurePolicy,
        *,
        ceiling: int,
    ) -> Next:
        """What follows a failed attempt of a shard of this wave.

        Args:
            wave: whose attempt failed.
            failure: why; None for an attempt that left nothing, so that it was disrupted.
            previous: the last charged failure before it in this run or repair.
            policy: of the run.
            ceiling: the largest memory limit of an attempt, in bytes.
        """
        if failure is None or not failure.reason.charged:
            return Next.NOTHING if is_exhausted(wave.uncharged + 1) else Next.UNCHARGED
        if self.is_last(wave.attempt, policy, uncharged=wave.uncharged, repair=wave.repair):
            return Next.NOTHING
        more = wave.memory_bytes < ceiling
        retry = retry_after(failure, previous, more_memory=more)
        allowed, budget = wave.allow_failed_samples, policy.max_failed_samples
        if not is_retried(failure.reason, retry, allowed=allowed, budget=budget):
            return Next.NOTHING
        if retry is Retry.DROPPING:
            return Next.DROPPING
        return Next.LARGER if failure.reason is FailureReason.OUT_OF_MEMORY else Next.CHARGED

    def unrepaired(self, completed: Mapping[int, frozenset[int]]) -> ShardSet:
        """Shards that no wave of this repair has generated again yet.

        Args:
            completed: completed indexes of the waves' Jobs.
        """
        found, later = ShardSet(), ShardSet()
        for wave in reversed(self.own):
            if wave.repair and wave.request == self.request:
                done = completed.get(wave.wave, frozenset())
                shards = ShardSet.of_wave(wave)
                found |= shards - later - ShardSet.of(one for _, one in shards_at(wave, done))
                later |= shards
        return found

    def restored(self, times: int) -> ShardSet:
        """Shards that at least so many repairs of this run or request have begun to restore."""
        attempts = {wave.attempt for wave in self.own if wave.repair}
        counts: Counter[Shard] = Counter()
        for wave in self.own:
            first = wave.attempt - 1 not in attempts
            if wave.repair and wave.request == self.request and first:
                counts.update(wave.shards())
        return ShardSet.of(shard for shard, count in counts.items() if count >= times)

    @cached_property
    def assigned(self) -> ShardSet:
        """Every shard of this run's waves."""
        return functools.reduce(ShardSet.__or__, self._shards, ShardSet())

    @cached_property
    def _shards(self) -> tuple[ShardSet, ...]:
        """The shards of each of this run's waves."""
        return tuple(map(ShardSet.of_wave, self.own))

    def open_shards(self, committed: ShardSet, repairing: ShardSet) -> dict[int, ShardSet]:
        """Shards to be generated by the latest wave of this run that contains them.

        Args:
            committed: shards with a commit marker, which only waves of repairs generate again.
            repairing: as `unrepaired` returns them.
        """
        found: dict[int, ShardSet] = {}
        later = ShardSet()
        for wave, contained in zip(reversed(self.own), reversed(self._shards), strict=True):
            shards = contained - later
            found[wave.wave] = shards - committed
            if wave.repair:
                found[wave.wave] |= shards & repairing
            later |= shards
        return {number: found[number] for number in sorted(found) if found[number]}
