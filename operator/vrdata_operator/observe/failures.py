"""Why attempts of one run failed: each failed attempt is explained once. Blocking."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor

from vrdata.contract.reasons import FailureReason
from vrdata.contract.records import Failure, FailureRecord
from vrdata.dataset import layout
from vrdata.plan.planned import Shard
from vrdata.plan.waves import Wave
from vrdata.store.port import ObjectNotFoundError, ObjectStore
from vrdata_operator.state.facts import JobFacts, PodFacts
from vrdata_operator.state.shard_sets import ShardSet, indexes_of
from vrdata_operator.status.failures import from_pod, from_record

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

    def unexplained(self, wave: Wave, job: JobFacts, uncommitted: ShardSet) -> list[int]:
        """Completion indexes of failed attempts whose failure is not known.

        All uncommitted indexes of a Job that has ended have failed.

        Args:
            wave: the wave.
            job: its Job.
            uncommitted: its shards without a commit marker that no later wave contains.
        """
        known = self._explained.get(wave.wave, set())
        if job.finished:
            return [index for index in indexes_of(wave, uncommitted) if index not in known]
        failed = (index for index in job.failed - known if index < wave.size)
        return sorted(index for index in failed if wave.shard(index) in uncommitted)

    def explain(
        self, wave: Wave, indexes: Sequence[int], pods: Mapping[int, PodFacts], deadline: float
    ) -> bool:
        """Find out why attempts of a wave failed: from their records, else from their pods.

        Args:
            wave: whose attempts.
            indexes: as `unexplained` returns them.
            pods: failed pods of the wave's Job, by completion index.
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
            failures = self._readers.map(
                lambda index: self._failure(wave, wave.shard(index), pods.get(index)), chunk
            )
            for index, failure in zip(chunk, failures, strict=True):
                explained.add(index)
                self.by_shard[failure.key] = failure
                self._found(wave, index, failure)
        return True

    def _failure(self, wave: Wave, shard: Shard, pod: PodFacts | None) -> FailureRecord:
        seen = from_pod(wave, pod) if pod is not None else None
        if seen is not None and seen.reason is FailureReason.OUT_OF_MEMORY:
            return seen
        try:
            body = self._store.get(layout.failure_key(*shard, wave.attempt))
            return from_record(shard, wave.attempt, body, self._run)
        except (ObjectNotFoundError, ValueError):
            unknown = Failure(
                reason=FailureReason.DISRUPTED,
                message="the pod left no termination message; it was deleted or killed",
            )
            return seen or unknown.of(shard, wave.attempt, self._run)
