"""What the operator remembers of a run between turns; all of it can be found again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from vrdata.plan.planned import Plan
from vrdata_operator.observe.ledger import Ledger
from vrdata_operator.state.facts import PodFacts
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
        behind: the last turn did not read everything; the next one comes at once.
        failed_pods: by wave, while their attempts are explained.
        written: the status as it was last written.
        written_at: when that was, so that writes keep their distance.
        events: events posted so far.
    """

    uid: str
    plan: Plan | None = None
    ledger: Ledger | None = None
    rate: RateMeter = field(default_factory=RateMeter)
    behind: bool = False
    failed_pods: dict[int, FailedPods] = field(default_factory=dict)
    written: dict[str, Any] | None = None
    written_at: float = 0.0
    events: int = 0
