"""What the store contains of one run, remembered between turns; a restart reads it again.

Commit markers are found in two ways. A completed or failed index of a Job names one shard, whose
marker is read. A full listing finds every marker, and replaces what is remembered: at the start,
after a Job has ended, before and after the run is finalised, and every LIST_SECONDS.

Blocking: called in a thread of `Stores`. Each call ends soon after its deadline.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace

from vrdata.contract.records import FailureRecord
from vrdata.dataset.manifest import ShardManifest
from vrdata.errors import InvalidInputError
from vrdata.plan.planned import Plan
from vrdata.plan.waves import Wave
from vrdata.store.port import ObjectStore
from vrdata_operator.observe.commits import Commits
from vrdata_operator.observe.failures import Failures
from vrdata_operator.observe.listener import Listener
from vrdata_operator.observe.nondeterminism import Differences
from vrdata_operator.observe.output.files import RunFiles
from vrdata_operator.observe.output.finished import Outputs
from vrdata_operator.observe.output.repair import Repairs
from vrdata_operator.state.facts import JobFacts, Reading
from vrdata_operator.state.history import History
from vrdata_operator.state.names import wave_job
from vrdata_operator.state.shard_sets import ShardSet, shards_at

LIST_SECONDS = 300.0  # between two full listings, when nothing else requires one


@dataclass(frozen=True, slots=True)
class _Listed:
    """A full listing: when it began; which waves, indexes and final Jobs had ended by then."""

    at: float
    ended: frozenset[int]
    indexes: Mapping[int, frozenset[int]]
    finals: frozenset[str]

    def has_ended(self, wave: int, index: int) -> bool:
        """Whether the attempt of this index had ended by then."""
        return wave in self.ended or index in self.indexes.get(wave, frozenset())


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
        waves_changed: set it after a wave file was written: `refresh` lists them again.
        request: value of the repair annotation; set it before `refresh`.
        finals: names of the Jobs of finalisation that have ended and are followed by a comparison;
            set it before `refresh`.
        commits: the commit markers.
        failures: failed attempts.
        reading: progress of a listing that must end before anything is decided; None = known
            facts are sufficient.
        outputs: of a run that was compared with its plan since its last Job of finalisation ended,
            and of which nothing is missing; else empty.
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
        self._run = run
        self._classes = {item.name: item.generator_class for item in plan.generators}
        self._listener = listener
        self._read_indexes: dict[int, frozenset[int]] = {}
        self._listed: _Listed | None = None
        self._next: _Listed | None = None
        self._first: _Listed | None = None
        self._repairs = Repairs(store, plan)
        self._files = RunFiles(store, plan, run)
        self.outputs = Outputs(store, plan)
        self._jobs_seen: dict[str, tuple[int, bool]] = {}
        self._compared: frozenset[str] = frozenset()
        self.waves_changed = True
        self.request = ""
        self.finals: frozenset[str] = frozenset()
        self.commits = Commits(store, plan, plan.hash, readers, self._report)
        self.failures = Failures(store, run, readers, self._report_failure)
        self.reading: Reading | None = None
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
        seen = {name: (len(job.failed), job.finished) for name, job in jobs.items()}
        # A worker that does not find its wave or the plan fails, so its Job shows it.
        if self.waves_changed or self._is_late(now) or seen != self._jobs_seen:
            self._files.refresh(jobs)
            self.waves_changed, self._jobs_seen = False, seen
        mine = self._waves_with_jobs(jobs)
        read = self._listed is None or self._read_new(mine, deadline)
        if self._next is None and self._is_due(mine, now):
            ended = frozenset(wave.wave for wave, job in mine if job.finished)
            indexes = {wave.wave: _ended(wave, job) for wave, job in mine}
            self._next = _Listed(now, ended, indexes, self.finals)
            self.commits.list_all()
        self._advance(deadline)
        must = self._must_list(mine)
        self.reading = (self.commits.listing or Reading(0, 0)) if must else None
        return read and self._next is None and not must

    def check_end(self, jobs: Mapping[str, JobFacts], deadline: float) -> bool:
        """Compare the store with the plan, once after each Job of finalisation that has ended.

        The markers were listed since then: `refresh` ensures it. What is missing appears in
        `damaged`; if nothing is, `outputs` are read.

        Returns:
            Whether nothing is left to compare before the deadline, which `time.monotonic` counts.

        Raises:
            VrdataError: the store cannot be used, or a marker is damaged.
        """
        if self.finals == self._compared:
            return True
        self.outputs.forget()
        token = f"{self.request}/{sorted(self.finals)}"
        try:
            if not self._compare(jobs, token, deadline, finished=False):
                return False
        except InvalidInputError:
            self._listed = None  # somebody may delete the damaged marker
            raise
        if self.commits.all_listed and not self.damaged(jobs):
            self.outputs.read()
        self._compared = self.finals
        return True

    def check_data(self, jobs: Mapping[str, JobFacts], deadline: float, *, finished: bool) -> bool:
        """Compare the data objects with the commit markers, once for each `request`.

        Args:
            jobs: the run's Jobs.
            deadline: as `time.monotonic` counts.
            finished: the run had ended, so a shard without a marker has lost it, and is generated
                again whatever happened to its attempts.

        Returns and raises as `check_end`.
        """
        return self._compare(jobs, self.request, deadline, finished=finished)

    def _compare(
        self, jobs: Mapping[str, JobFacts], token: str, deadline: float, *, finished: bool
    ) -> bool:
        repairing = self.repairing(jobs)
        committed = self.commits.shards - repairing
        missing = self.commits.missing - repairing if finished else ShardSet()
        if not (committed or missing):
            return True
        return self._repairs.check(committed, missing, token, len(self.waves), deadline)

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
        found = []
        for wave, job in self._waves_with_jobs(jobs):
            # A failed index whose marker is not read yet may be committed.
            read = self._read_indexes.get(wave.wave, frozenset())
            known = replace(job, failed=job.failed & read)
            shards = open_.get(wave.wave, ShardSet())
            found.append((wave, self.failures.unexplained(wave, known, shards)))
        return [(wave, indexes) for wave, indexes in found if indexes]

    @property
    def waves(self) -> tuple[Wave, ...]:
        """The waves in the store, in order."""
        return self._files.waves

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
            new = shards_at(wave, ended - known)
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
        if self.finals - self._listed.finals:
            return True
        return self.commits.all_known and not self.commits.all_listed

    def _advance(self, deadline: float) -> None:
        self.commits.advance(deadline)
        if self._next is None or self.commits.listing is not None:
            return
        self.differences.refresh()
        for number, indexes in self._next.indexes.items():
            self._read_indexes[number] = self._read_indexes.get(number, frozenset()) | indexes
        self._listed, self._next = self._next, None
        self._first = self._first or self._listed

    def _report(self, generator_class: str, manifest: ShardManifest) -> None:
        if self._first is not None:
            self._listener.shard_committed(generator_class, manifest)

    def _report_failure(self, wave: Wave, index: int, failure: FailureRecord) -> None:
        if self._first is None or not self._first.has_ended(wave.wave, index):
            self._listener.shard_failed(self._classes[failure.generator], failure)

    def _report_difference(self, generator_class: str) -> None:
        if self._first is not None:
            self._listener.shard_differed(generator_class)


def _ended(wave: Wave, job: JobFacts) -> frozenset[int]:
    """Completed and failed indexes; a Job's status may be edited, so others are dropped."""
    ended = job.completed | job.failed
    size = wave.size
    return ended if max(ended, default=0) < size else frozenset(i for i in ended if i < size)
