"""Whether and when finalisation is retried. Pure.

A stage of finalisation is tried by one Job after another; a Job retries nothing itself. The name of
each Job has the number of its try, so the Jobs that exist are all the state that there is.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from vrdata.api.quantities import parse_quantity
from vrdata.contract.attempts import is_exhausted, start_after
from vrdata.contract.reasons import FailureReason
from vrdata.contract.records import Failure
from vrdata.contract.recurs import Recurs
from vrdata.text import count
from vrdata_operator.policy.retries import ladder
from vrdata_operator.state.facts import JobFacts
from vrdata_operator.state.names import final_job, index_job, try_number
from vrdata_operator.state.run import RunView
from vrdata_operator.status.failures import job_failure

INDEX_JOB_SHARDS = 1000  # a run with more is indexed by one pod per generator, then closed by one
MEMORY = 2**30  # of the first try, unless the class O has more
MAX_CHARGED = 5  # tries that fail for a charged reason; a permanent one ends the run at once
EARLY_SECONDS = 10.0  # since the last commit: longer shards are not waited for

StageName = Literal["index", "finalise"]


@dataclass(frozen=True)
class Stage:
    """One stage of finalisation.

    Attributes:
        name: as the Job's label.
        view: the run.
    """

    name: StageName
    view: RunView

    @property
    def first(self) -> str:
        """Name of the Job of the first try."""
        name = index_job if self.name == "index" else final_job
        return name(self.view.identity.uid, self.view.identity.repair)

    @cached_property
    def jobs(self) -> dict[int, JobFacts]:
        """The Jobs that exist, by the number of their try."""
        jobs = self.view.facts.jobs
        found = {try_number(self.first, name): job for name, job in jobs.items()}
        return {number: found[number] for number in sorted(n for n in found if n is not None)}

    @cached_property
    def last(self) -> JobFacts | None:
        """The last Job; None when the next one is the first, or when shards have changed since."""
        last = next(reversed(self.jobs.values()), None)
        if last is None or (last.finished and self._is_outdated(last)):
            return None
        return last

    @property
    def succeeded(self) -> bool:
        """Whether nothing is left to do in this stage."""
        return self.last is not None and self.last.succeeded and self.failure is None

    @cached_property
    def failure(self) -> Failure | None:
        """Why the last try failed; None for one that runs or has succeeded."""
        last = self.last
        if last is None or not last.finished:
            return None
        if not last.succeeded:
            return job_failure(last, self.view.facts.pods)
        if self.name == "finalise" and not self.view.facts.dataset_hash:
            return Failure(
                reason=FailureReason.INCOMPLETE_RUN,
                message="_SUCCESS was removed before the operator read it",
            )
        return None

    @property
    def number(self) -> int:
        """Number of the next try."""
        return max(self.jobs, default=-1) + 1

    @property
    def charged(self) -> int:
        """Tries that failed for a charged reason."""
        before = self.last.charged if self.last else 0
        return before + (self.failure is not None and self.failure.reason.charged)

    @property
    def memory(self) -> int:
        """Memory limit of the next try in bytes."""
        if self.last is None or not self.last.memory:
            return self._base
        if not self._out_of_memory:
            return self.last.memory
        return min(2 * self.last.memory, max(self.last.memory, self._ceiling))

    @cached_property
    def given_up(self) -> str:
        """Why no other try follows the last one; empty while one does."""
        failure = self.failure
        if failure is None:
            return ""
        message = f"{failure.reason}: {failure.message}"
        if failure.reason.recurs is Recurs.ALWAYS:
            return message
        if self._out_of_memory and self.last is not None and self.memory <= self.last.memory:
            return f"{message} (with the largest limit, {self.memory} bytes)"
        if self.charged > MAX_CHARGED or is_exhausted(self.number - self.charged):
            return f"{message} (after {count(self.number, 'try', 'tries')})"
        return ""

    @property
    def starts(self) -> float:
        """When the next try starts, in seconds since the epoch."""
        if self.last is None or self.last.ended is None or self._out_of_memory:
            return self.view.facts.now
        return start_after(self.last.ended, self.number, self.view.facts.now)

    @property
    def is_due(self) -> bool:
        """Whether the next try starts now."""
        waits = self.last is not None and (self.failure is None or bool(self.given_up))
        return not waits and self.starts <= self.view.facts.now

    @property
    def is_paused(self) -> bool:
        """Whether the next try starts later."""
        return self.failure is not None and not self.given_up and not self.is_due

    @property
    def _out_of_memory(self) -> bool:
        return self.failure is not None and self.failure.reason is FailureReason.OUT_OF_MEMORY

    @property
    def _base(self) -> int:
        return max(MEMORY, int(parse_quantity(self.view.profile.classes.O.memory)))

    @property
    def _ceiling(self) -> int:
        return max(self._base, ladder(self.view.profile, "O").ceiling)

    def _is_outdated(self, job: JobFacts) -> bool:
        """Whether shards were generated again after this Job was created."""
        return job.waves is not None and job.waves != len(self.view.facts.waves)


def stages(view: RunView) -> tuple[Stage, ...]:
    """The stages of a run, in order."""
    last = Stage("finalise", view)
    return (Stage("index", view), last) if view.shards > INDEX_JOB_SHARDS else (last,)


def current_stage(view: RunView) -> Stage | None:
    """The first stage that has not succeeded; None when all have."""
    return next((stage for stage in stages(view) if not stage.succeeded), None)


def starts_early(view: RunView) -> bool:
    """Whether the first try starts now, before the last shards are committed.

    Its pod starts while they are generated, and waits for their commit markers. So they must be
    fewer than the pods that the run may have, none of them is retried, and commits must follow each
    other quickly.
    """
    rest = view.shards - len(view.done)
    last = bool(view.done) and 0 < rest < view.pods
    recent = view.facts.now - view.committed_at <= EARLY_SECONDS
    first = all(wave.attempt == view.history.first_attempt for wave in view.history.own)
    waits = view.spec.suspend or view.identity.queue or view.facts.damaged or len(stages(view)) > 1
    return last and recent and first and not (waits or view.failed or Stage("finalise", view).jobs)
