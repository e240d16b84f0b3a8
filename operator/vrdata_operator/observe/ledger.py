"""What the store contains of one run, remembered between turns; a restart reads it again.

Commit markers are found in two ways. A completed or failed index of a Job names one shard, whose
marker is read. A full listing finds every marker: at the start, after a Job has ended, before the
run is finalised, and every LIST_SECONDS.

Blocking: called in a thread of `Stores`. Each call ends soon after its deadline.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Protocol

from vrdata.contract.records import FailureRecord
from vrdata.dataset import layout
from vrdata.dataset.manifest import ShardManifest
from vrdata.dataset.reader import load_model
from vrdata.errors import InvalidInputError, OutputConflictError
from vrdata.model import Model
from vrdata.plan.planned import Plan
from vrdata.plan.waves import Wave
from vrdata.store.port import ObjectStore
from vrdata_operator.observe.commits import Commits
from vrdata_operator.observe.failures import Failures
from vrdata_operator.observe.nondeterminism import Differences
from vrdata_operator.observe.repair import Repairs
from vrdata_operator.state.facts import JobFacts, Reading
from vrdata_operator.state.history import History
from vrdata_operator.state.names import wave_job
from vrdata_operator.state.shard_sets import ShardSet

LIST_SECONDS = 300.0  # between two full listings, when nothing else requires one


@dataclass(frozen=True, slots=True)
class _Listed:
    """A full listing: when it began, and which waves had ended and which indexes by then."""

    at: float
    ended: frozenset[int]
    indexes: Mapping[int, frozenset[int]]


class _Summary(Model, extra="ignore"):  # the fields of dataset.json that the status repeats
    dataset_hash: str
    duplicates: int = 0


class Listener(Protocol):
    """Called once for each; `metrics.Metrics` counts them."""

    def shard_committed(self, generator_class: str, manifest: ShardManifest) -> None:
        """A new commit marker."""
        ...

    def shard_failed(self, generator_class: str, failure: FailureRecord) -> None:
        """A failed attempt."""
        ...

    def shard_differed(self, generator_class: str) -> None:
        """A shard that was generated again with other bytes."""
        ...


class Ledger:
    """Commit markers, waves and failures of one run.

    Args:
        store: the run's store.
        plan: its plan.
        run: UID of the run.
        listener: called for everything that happens after the first listing. What that finds may
            have been counted by the process before this one.
        readers: threads that read markers, shared by all runs.

    Attributes:
        waves: wave files in the store, in order.
        waves_changed: set it after a wave file was written: `refresh` lists them again.
        request: value of the repair annotation; set it before `refresh`.
        commits: the commit markers.
        failures: failed attempts.
        reading: progress of a listing that must end before anything is decided; None = known
            facts are sufficient.
        dataset_hash, duplicates: of a finalised run, else empty.
        differences: shards that were generated again with other bytes.
    """

    def __init__(
        self,
        store: ObjectStore,
        plan: Plan,
        run: str,
        listener: Listener,
        readers: Executor,
    ) -> None:
        self._store = store
        self._plan_hash = plan.hash
        self._run = run
        self._classes = {item.name: item.generator_class for item in plan.generators}
        self._listener = listener
        self._read_indexes: dict[int, frozenset[int]] = {}
        self._listed: _Listed | None = None
        self._next: _Listed | None = None
        self._first: _Listed | None = None
        self._repairs = Repairs(store, plan)
        self.waves: tuple[Wave, ...] = ()
        self.waves_changed = True
        self.request = ""
        self.commits = Commits(store, plan, self._plan_hash, readers, self._report)
        self.failures = Failures(store, run, readers, self._report_failure)
        self.reading: Reading | None = None
        self.dataset_hash, self.duplicates = "", 0
        self.differences = Differences(store, self._classes, self._report_difference)

    def refresh(self, jobs: Mapping[str, JobFacts], now: float, deadline: float) -> bool:
        """Read what is new, until the deadline.

        Args:
            jobs: the run's Jobs, read before this call: a Job that has ended writes no marker.
            now: seconds since the epoch.
            deadline: as `time.monotonic` counts.

        Returns:
            Whether everything new was read; if not, the deadline has passed.

        Raises:
            OutputConflictError: a marker or wave belongs to another plan.
            VrdataError: the store cannot be used, or an object is damaged.
        """
        if self.waves_changed or self._is_late(now):
            self._read_waves()
            self.waves_changed = False
        mine = self._waves_with_jobs(jobs)
        read = self._listed is None or self._read_new(mine, deadline)
        if self._next is None and self._is_due(mine, now):
            ended = frozenset(wave.wave for wave, job in mine if job.finished)
            indexes = {wave.wave: _ended(wave, job) for wave, job in mine}
            self._next = _Listed(now, ended, indexes)
            self.commits.list_all()
        self._advance(deadline)
        must = self._must_list(mine)
        self.reading = (self.commits.listing or Reading(0, 0)) if must else None
        return read and self._next is None and not must

    def check_success(self) -> None:
        """Read the dataset's hash and its duplicates, if the run is finalised."""
        if self.dataset_hash or self._store.head(layout.SUCCESS) is None:
            return
        found = load_model(self._store, layout.DATASET, _Summary)
        self.dataset_hash, self.duplicates = found.dataset_hash, found.duplicates

    def check_data(self, jobs: Mapping[str, JobFacts], deadline: float, *, finished: bool) -> bool:
        """Compare the data objects with the commit markers, once for each `request`.

        Args:
            jobs: the run's Jobs.
            deadline: as `time.monotonic` counts.
            finished: the run had ended, so a shard without a marker has lost it, and is generated
                again whatever happened to its attempts.

        Returns:
            Whether nothing is left to compare.

        Raises:
            VrdataError: the store cannot be used, or a marker is damaged.
        """
        repairing = self.repairing(jobs)
        committed = self.commits.shards - repairing
        missing = self.commits.missing - repairing if finished else ShardSet()
        if not (committed or missing):
            return True
        return self._repairs.check(committed, missing, self.request, len(self.waves), deadline)

    def repairing(self, jobs: Mapping[str, JobFacts]) -> ShardSet:
        """Shards that no wave of this repair has generated again yet."""
        completed = {wave.wave: job.completed for wave, job in self._waves_with_jobs(jobs)}
        return self._history.unrepaired(completed)

    def damaged(self, jobs: Mapping[str, JobFacts]) -> ShardSet:
        """Shards that a repair must generate again."""
        return self.repairing(jobs) | self._repairs.unassigned(self._history)

    def unexplained(self, jobs: Mapping[str, JobFacts]) -> list[tuple[Wave, list[int]]]:
        """Waves with completion indexes whose failure is not known."""
        committed = self.commits.shards | self.damaged(jobs)
        open_ = self._history.open_shards(committed, self.repairing(jobs))
        found = [
            (wave, self.failures.unexplained(wave, job, open_[wave.wave]))
            for wave, job in self._waves_with_jobs(jobs)
            if wave.wave in open_ and (job.failed or job.finished)
        ]
        return [(wave, indexes) for wave, indexes in found if indexes]

    @property
    def _history(self) -> History:
        return History(self.waves, self._run, self.request)

    def _waves_with_jobs(self, jobs: Mapping[str, JobFacts]) -> list[tuple[Wave, JobFacts]]:
        own = ((wave, jobs.get(wave_job(self._run, wave.wave))) for wave in self.waves)
        return [(wave, job) for wave, job in own if job is not None]

    def _read_new(self, mine: list[tuple[Wave, JobFacts]], deadline: float) -> bool:
        """Read the markers of indexes that ended since the last call; whether all were read."""
        for wave, job in mine:
            ended = _ended(wave, job)
            known = self._read_indexes.get(wave.wave, frozenset()) & ended
            new = [(index, wave.shard(index)) for index in sorted(ended - known)]
            unread = [(index, shard) for index, shard in new if shard not in self.commits.shards]
            read = self.commits.read((shard for _, shard in unread), deadline)
            rest = frozenset(index for index, shard in unread if shard not in read)
            self._read_indexes[wave.wave] = ended - rest
            if rest:
                return False
        return True

    def _is_due(self, mine: list[tuple[Wave, JobFacts]], now: float) -> bool:
        return self._is_late(now) or self._must_list(mine)

    def _is_late(self, now: float) -> bool:
        # The clock was set back if the last listing is in the future.
        return self._listed is not None and not 0 <= now - self._listed.at < LIST_SECONDS

    def _must_list(self, mine: list[tuple[Wave, JobFacts]]) -> bool:
        """Whether nothing may be decided before a full listing has ended."""
        if self._listed is None or self.commits.recounting:
            return True
        if any(job.finished and wave.wave not in self._listed.ended for wave, job in mine):
            return True
        return self.commits.all_known and not self.commits.all_listed

    def _advance(self, deadline: float) -> None:
        self.commits.advance(deadline)
        if self._next is None or self.commits.listing is not None:
            return
        self.differences.refresh()
        self.check_success()
        for number, indexes in self._next.indexes.items():
            self._read_indexes[number] = self._read_indexes.get(number, frozenset()) | indexes
        self._listed, self._next = self._next, None
        self._first = self._first or self._listed

    def _report(self, generator_class: str, manifest: ShardManifest) -> None:
        if self._first is not None:
            self._listener.shard_committed(generator_class, manifest)

    def _report_failure(self, wave: Wave, index: int, failure: FailureRecord) -> None:
        first = self._first
        old = first is not None and (
            wave.wave in first.ended or index in first.indexes.get(wave.wave, frozenset())
        )
        if not old:
            self._listener.shard_failed(self._classes[failure.generator], failure)

    def _report_difference(self, generator_class: str) -> None:
        if self._first is not None:
            self._listener.shard_differed(generator_class)

    def _read_waves(self) -> None:
        after = layout.wave_key(len(self.waves) - 1) if self.waves else ""
        for info in self._store.list_after(layout.WAVES, after):
            wave = load_model(self._store, info.key, Wave)
            if wave.plan != self._plan_hash:
                raise OutputConflictError(
                    f"{info.key} belongs to another plan", fix="use another name or prefix"
                )
            if wave.wave != len(self.waves):
                raise InvalidInputError(
                    f"{layout.wave_key(len(self.waves))} is missing in {self._store.url}"
                )
            self.waves = (*self.waves, wave)


def _ended(wave: Wave, job: JobFacts) -> frozenset[int]:
    """Completed and failed indexes; a Job's status may be edited, so others are dropped."""
    ended = job.completed | job.failed
    size = wave.size
    return ended if max(ended, default=0) < size else frozenset(i for i in ended if i < size)
