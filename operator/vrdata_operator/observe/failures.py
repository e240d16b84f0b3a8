"""Why attempts of one run failed: each failed attempt is explained once. Blocking."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor

from vrdata.contract.reasons import FailureReason
from vrdata.contract.records import FailureRecord
from vrdata.dataset import layout
from vrdata.plan.planned import Shard
from vrdata.plan.waves import Wave
from vrdata.store.port import ObjectNotFoundError, ObjectStore
from vrdata_operator.state.facts import JobFacts, PodFacts
from vrdata_operator.state.shard_sets import ShardSet, indexes_of, shards_at
from vrdata_operator.status.failures import GONE, from_pod, from_record

CHUNK = 64  # records that are read before the deadline is compared


class Failures:
    """Failed attempts of one run.

    Args:
        store: the run's store.
        run: UID of the run.
        readers: threads that read records, shared by all runs.
        found: called once for each failed attempt, with its wave and completion index.

    Attributes:
        by_shard: the last known failure of each shard.
        at: when it was explained, in seconds since the epoch.
        previous: the last charged failure before it in the same run or repair, if there is one.
    """

    def __init__(
        self,
        store: ObjectStore,
        run: str,
        readers: Executor,
        found: Callable[[Wave, int, FailureRecord], None],
    ) -> None:
        self._store = store
        self._run = run
        self._readers = readers
        self._found = found
        self._explained: dict[int, set[int]] = {}
        self.by_shard: dict[Shard, FailureRecord] = {}
        self.at: dict[Shard, float] = {}
        self.previous: dict[Shard, FailureRecord] = {}

    def unexplained(self, wave: Wave, job: JobFacts, uncommitted: ShardSet) -> list[int]:
        """Completion indexes of failed attempts whose failure is not known.

        All uncommitted indexes of a Job that has ended have failed.

        Args:
            wave: the wave.
            job: its Job.
            uncommitted: its shards without a commit marker that no later wave contains.
        """
        known = self._explained.get(wave.wave, set())
        failed = job.failed - known
        if not (job.finished or failed):
            return []
        open_ = indexes_of(wave, uncommitted)
        return [
            index for index in open_ if index in failed or (job.finished and index not in known)
        ]

    def explain(
        self,
        wave: Wave,
        indexes: Sequence[int],
        pods: Mapping[int, PodFacts],
        now: float,
        deadline: float,
    ) -> bool:
        """Find out why attempts of a wave failed: from their records, else from their pods.

        Args:
            wave: whose attempts.
            indexes: as `unexplained` returns them.
            pods: failed pods of the wave's Job, by completion index.
            now: seconds since the epoch.
            deadline: as `time.monotonic` counts.

        Returns:
            Whether all of them are explained; if not, the deadline has passed.

        Raises:
            StorageError: the store cannot be used.
        """
        explained = self._explained.setdefault(wave.wave, set())
        for start in range(0, len(indexes), CHUNK):
            if start and time.monotonic() >= deadline:
                return False
            chunk = [index for index in indexes[start : start + CHUNK] if index not in explained]
            shards = list(shards_at(wave, chunk))
            failures = self._readers.map(
                lambda one: self._failures(wave, one[1], pods.get(one[0])), shards
            )
            for (index, _), (failure, previous) in zip(shards, failures, strict=True):
                explained.add(index)
                self._keep(failure, previous, now)
                self._found(wave, index, failure)
        return True

    def _keep(self, failure: FailureRecord, previous: FailureRecord | None, now: float) -> None:
        shard = failure.key
        self.by_shard[shard], self.at[shard] = failure, now
        if previous is None:
            self.previous.pop(shard, None)
        else:
            self.previous[shard] = previous

    def _failures(
        self, wave: Wave, shard: Shard, pod: PodFacts | None
    ) -> tuple[FailureRecord, FailureRecord | None]:
        """The failure of an attempt, and the last charged one before it."""
        failure = self._failure(wave, shard, pod)
        return failure, self._previous(wave, failure)

    def _previous(self, wave: Wave, failure: FailureRecord) -> FailureRecord | None:
        """The last charged failure before this one: it is known, or its record is read."""
        shard = failure.key
        first = wave.attempt - wave.uncharged - 1
        for known in (self.by_shard.get(shard), self.previous.get(shard)):
            if known is not None and known.reason.charged and first <= known.attempt < wave.attempt:
                return known
        earlier = range(wave.attempt - 1, max(first, 0) - 1, -1)
        for attempt in earlier if failure.reason.charged else ():
            record = self._record(shard, attempt)
            if record is not None and record.reason.charged:
                return record
        return None

    def _failure(self, wave: Wave, shard: Shard, pod: PodFacts | None) -> FailureRecord:
        seen = from_pod(wave, pod) if pod is not None else None
        if seen is not None and seen.reason is FailureReason.OUT_OF_MEMORY:
            return seen
        record = self._record(shard, wave.attempt)
        return record or seen or GONE.of(shard, wave.attempt, self._run)

    def _record(self, shard: Shard, attempt: int) -> FailureRecord | None:
        """The record that a worker of this run stored; None when there is none."""
        try:
            body = self._store.get(layout.failure_key(*shard, attempt))
            return from_record(shard, attempt, body, self._run)
        except (ObjectNotFoundError, ValueError):
            return None
