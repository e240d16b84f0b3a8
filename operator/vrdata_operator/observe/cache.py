"""What the operator keeps of a run between turns; a restart reads all of it again."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

from vrdata.api.status import GenerationRunStatus
from vrdata.plan.planned import Plan
from vrdata_operator.event_reasons import EventReason
from vrdata_operator.observe.ledger import Ledger
from vrdata_operator.state.facts import JobFacts, PodFacts
from vrdata_operator.status.events import MAX_EVENTS, MAX_SIMILAR, RunEvent
from vrdata_operator.status.rate import RateMeter


@dataclass(frozen=True, slots=True)
class FailedPods:
    """Failed pods of one wave, listed to explain these indexes."""

    indexes: frozenset[int]
    pods: dict[int, PodFacts]


@dataclass(slots=True)
class RunMemory:
    """One run's plan, ledger and rate.

    Attributes:
        repair: value of the annotation that reopened the finished run; empty = none did.
        behind: the last turn did not read everything; the next one follows immediately.
        failed_pods: by wave, while their attempts are explained.
        written: the status that was written last.
        written_at: when it was written; the next write waits.
        told: the status that was written during this turn, because the store did not answer.
        events: number of posted events, by kind.
        idle: Jobs without an active pod, with their failed pods.
        unreachable: when each pod whose node does not answer was first seen so.
        ended: when each Job that has ended was first seen so, or ended before.
        due: seconds until another action is due, when nothing changes; None = none is known.
        begun: the first log line about the run is written.
        figures: of a run that has ended, for its last log line.
    """

    uid: str
    repair: str = ""
    plan: Plan | None = None
    plan_hash: str = ""
    ledger: Ledger | None = None
    rate: RateMeter = field(default_factory=RateMeter)
    behind: bool = False
    failed_pods: dict[int, FailedPods] = field(default_factory=dict)
    written: dict[str, Any] | None = None
    written_at: float = 0.0
    told: GenerationRunStatus | None = None
    events: Counter[str] = field(default_factory=Counter)
    idle: dict[str, tuple[JobFacts, tuple[PodFacts, ...]]] = field(default_factory=dict)
    unreachable: dict[str, float] = field(default_factory=dict)
    ended: dict[str, float] = field(default_factory=dict)
    due: float | None = None
    begun: bool = False
    figures: dict[str, str | int | float] = field(default_factory=dict)

    def admits(self, event: RunEvent) -> bool:
        """Whether the event is posted: not if there are many, except that of the run's end."""
        if event.reason in {EventReason.SUCCEEDED, EventReason.FAILED}:
            return True
        if self.events.total() >= MAX_EVENTS - 1 or self.events[event.kind] >= MAX_SIMILAR:
            return False
        self.events[event.kind] += 1
        return True

    def dated(self, job: JobFacts, now: float) -> JobFacts:
        """The Job, with an end that is not in the future: the API server's clock may differ."""
        if not job.finished:
            return job
        ended = self.ended.setdefault(job.name, min(now if job.ended is None else job.ended, now))
        return replace(job, ended=ended)
