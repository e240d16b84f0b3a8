"""The status of a run that is rejected, or that cannot continue for the moment. Pure."""

from __future__ import annotations

from vrdata.api.status import GenerationRunStatus
from vrdata_operator.reasons import Reason
from vrdata_operator.state.rejection import Explanation, Rejection
from vrdata_operator.state.time import timestamp
from vrdata_operator.status.conditions import Finding, update

# Workers may have written data for such a run, and no administrator can change that.
TERMINAL = frozenset({Reason.OUTPUT_CONFLICT})
# Over within seconds, without anybody's help.
PASSING = frozenset({Reason.READING_CATALOGUE, Reason.RESOLVING_SOURCES})
# Nothing is wrong with the run.
_UNDECIDED = PASSING | {Reason.WAITING_IN_QUEUE}


def rejected(
    status: GenerationRunStatus, rejection: Rejection, *, generation: int, now: float
) -> GenerationRunStatus:
    """The run is not accepted; it is checked again later, unless the reason is terminal."""
    ended = rejection.reason in TERMINAL
    reason, message = rejection.reason, rejection.message
    passing = reason in PASSING
    findings = (
        Finding("Accepted", "Unknown" if reason in _UNDECIDED else "False", reason, message),
        Finding("Progressing", "False", reason, message),
        Finding("Stalled", "False" if passing else "True", reason, message),
        Finding("Finished", "True", reason, message)
        if ended
        else Finding("Finished", "False", Reason.NOT_FINISHED),
        Finding("Succeeded", "False", reason, message)
        if ended
        else Finding("Succeeded", "Unknown", Reason.NOT_FINISHED),
    )
    return status.model_copy(
        update={
            "phase": "Failed" if ended else "Pending",
            "reason": reason.value,
            "observed_generation": generation,
            "completion_time": timestamp(now) if ended else None,
            "conditions": update(status.conditions, findings, generation=generation, now=now),
        }
    )


def blocked(
    status: GenerationRunStatus, cause: Explanation, *, generation: int, now: float
) -> GenerationRunStatus:
    """The stored status, blocked for now: the store or the API server rejects requests.

    A run that had succeeded is repaired, so whether its dataset is whole is not known any more.
    """
    reason, message = cause.reason, cause.message
    findings: tuple[Finding, ...] = (
        Finding("Progressing", "False", reason, message),
        Finding("Stalled", "False" if reason in PASSING else "True", reason, message),
    )
    if status.phase == "Succeeded":
        findings += (Finding("Succeeded", "Unknown", reason, message),)
    conditions = update(status.conditions, findings, generation=generation, now=now)
    return status.model_copy(
        update={
            "phase": "Pending" if status.phase == "Succeeded" else status.phase,
            "rate": "",
            "eta": "",
            "estimated_completion_time": None,
            "reason": reason.value,
            "observed_generation": generation,
            "conditions": conditions,
        }
    )
