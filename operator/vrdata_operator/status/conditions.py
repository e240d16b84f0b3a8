"""Conditions: the transition time changes only with the status. Pure.

Source: Kubernetes API conventions, "Typical status properties".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from vrdata.api.status import MAX_MESSAGE, Condition, ConditionType
from vrdata.text import head, printable
from vrdata_operator.reasons import Reason
from vrdata_operator.state.time import timestamp

ORDER: tuple[ConditionType, ...] = (
    "Accepted",
    "Queued",
    "Progressing",
    "Stalled",
    "Suspended",
    "Deterministic",
    "Finished",
    "Succeeded",
)


@dataclass(frozen=True, slots=True)
class Finding:
    """What one condition is now.

    Attributes:
        message: empty = what the reason means.
    """

    type: ConditionType
    status: Literal["True", "False", "Unknown"]
    reason: Reason
    message: str = ""


# Written on the first visit, so that every type always exists.
UNKNOWN = tuple(Finding(kind, "Unknown", Reason.NOT_KNOWN_YET) for kind in ORDER)


def update(
    previous: tuple[Condition, ...],
    findings: tuple[Finding, ...],
    *,
    generation: int,
    now: float,
) -> tuple[Condition, ...]:
    """The new conditions: all types, in a fixed order.

    Args:
        previous: the stored conditions.
        findings: what is known now; types without a finding stay as they are stored.
        generation: metadata.generation that was observed.
        now: seconds since the epoch.
    """
    stored = {one.type: one for one in previous}
    found = {one.type: one for one in findings}
    unknown = {one.type: one for one in UNKNOWN}
    conditions = []
    for kind in ORDER:
        old = stored.get(kind)
        if kind not in found and old is not None:
            conditions.append(old)
            continue
        new = found.get(kind, unknown[kind])
        flipped = old is None or old.status != new.status
        since = timestamp(now) if flipped or old is None else old.last_transition_time
        conditions.append(
            Condition(
                type=kind,
                status=new.status,
                reason=new.reason.value,
                message=clip(new.message or new.reason.meaning),
                observed_generation=generation,
                last_transition_time=since,
            )
        )
    return tuple(conditions)


def clip(text: str) -> str:
    """The printable text, cut to MAX_MESSAGE bytes of UTF-8, so that a status stays small."""
    return head(printable(text, "?"), MAX_MESSAGE)
