"""The status of a run that cannot go on as it is. Pure."""

from __future__ import annotations

from vrdata.api.status import GenerationRunStatus
from vrdata_operator.policy.admission import Rejection
from vrdata_operator.status.conditions import Finding, timestamp, update

# A worker may have made data for these already; nothing that an administrator changes helps.
TERMINAL = frozenset({"OutputConflict"})
# Over in a few seconds, without anybody's help.
PASSING = frozenset({"ReadingCatalogue"})


def rejected(
    status: GenerationRunStatus, rejection: Rejection, *, generation: int, now: float
) -> GenerationRunStatus:
    """Not accepted, with the reason and the fix; looked at again later unless it is terminal."""
    ended = rejection.reason in TERMINAL
    reason, message = rejection.reason, rejection.message
    passing = reason in PASSING
    findings = (
        Finding("Accepted", "Unknown" if passing else "False", reason, message),
        Finding("Progressing", "False", reason, message),
        Finding("Stalled", "False" if passing else "True", reason, message),
        Finding("Finished", "True", reason, message)
        if ended
        else Finding("Finished", "False", "NotFinished"),
        Finding("Succeeded", "False", reason, message)
        if ended
        else Finding("Succeeded", "Unknown", "NotFinished"),
    )
    return status.model_copy(
        update={
            "phase": "Failed" if ended else "Pending",
            "reason": reason,
            "observed_generation": generation,
            "completion_time": timestamp(now) if ended else None,
            "conditions": update(status.conditions, findings, generation=generation, now=now),
        }
    )


def troubled(
    status: GenerationRunStatus, reason: str, message: str, *, generation: int, now: float
) -> GenerationRunStatus:
    """As it stands, but for a passing trouble: the store or the catalogue cannot be read."""
    findings = (
        Finding("Progressing", "False", reason, message),
        Finding("Stalled", "True", reason, message),
    )
    conditions = update(status.conditions, findings, generation=generation, now=now)
    return status.model_copy(
        update={"reason": reason, "observed_generation": generation, "conditions": conditions}
    )
