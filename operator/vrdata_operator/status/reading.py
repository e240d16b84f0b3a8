"""The status of a run while the store is not completely read. Pure."""

from __future__ import annotations

from vrdata.api.status import GenerationRunStatus, Storage
from vrdata_operator.reasons import Reason
from vrdata_operator.state.facts import Reading
from vrdata_operator.state.run import RunView
from vrdata_operator.status.conditions import Finding, update

# What kept the operator from reading, which it does now.
_PASSED = frozenset({Reason.STORAGE_UNAVAILABLE, Reason.CLUSTER_REFUSED, Reason.DAMAGED_OBJECT})


def reading_status(view: RunView, reading: Reading) -> GenerationRunStatus:
    """The last status with the progress of reading: counts of a part would mislead."""
    suspended = view.spec.suspend
    findings: tuple[Finding, ...] = (
        Finding("Accepted", "True", Reason.PLANNED, f"plan {view.config.plan}"),
        Finding(
            "Progressing",
            "True",
            Reason.READING_COMMITS,
            Reason.READING_COMMITS.message(f"{reading.done} of {reading.total}"),
        ),
        Finding("Suspended", "True", Reason.SPEC_SUSPEND)
        if suspended
        else Finding("Suspended", "False", Reason.NOT_SUSPENDED),
    )
    blocked = view.status.reason in _PASSED
    if blocked:
        findings += (Finding("Stalled", "False", Reason.NOTHING_WRONG),)
    return view.status.model_copy(
        update={
            "phase": "Suspended" if suspended else view.status.phase,
            "reason": "" if blocked else view.status.reason,
            "observed_generation": view.generation,
            "plan": view.config.plan,
            "storage": Storage(url=view.url, mode=view.config.commit_mode),
            "conditions": update(
                view.status.conditions, findings, generation=view.generation, now=view.facts.now
            ),
        }
    )
