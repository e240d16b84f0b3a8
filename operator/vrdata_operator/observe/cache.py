"""What the operator remembers of a run between turns; all of it can be found again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from vrdata.plan.planned import Plan
from vrdata_operator.observe.ledger import Ledger
from vrdata_operator.status.rate import RateMeter


@dataclass(slots=True)
class RunMemory:
    """One run's plan, ledger and pace.

    Attributes:
        seen: what the Jobs said when the store was read last.
        read_at: when that was.
        written: the status as it was last written.
        written_at: when that was, so that writes keep their distance.
        events: events posted so far.
    """

    uid: str
    plan: Plan | None = None
    ledger: Ledger | None = None
    rate: RateMeter = field(default_factory=RateMeter)
    seen: object = None
    read_at: float = 0.0
    written: dict[str, Any] | None = None
    written_at: float = 0.0
    events: int = 0
