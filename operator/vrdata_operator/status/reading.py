"""The status of a run while the store is not completely read. Pure."""

from __future__ import annotations

from vrdata.api.status import GenerationRunStatus, Storage
from vrdata_operator.state.facts import Reading
from vrdata_operator.state.run import RunView
from vrdata_operator.status.conditions import Finding, update


def reading_status(view: RunView, reading: Reading) -> GenerationRunStatus:
    """The last status with the progress of reading: counts of a part would mislead."""
    suspended = view.spec.suspend
    findings = (
        Finding("Accepted", "True", "Planned", f"plan {view.config.plan}"),
        Finding(
            "Progressing",
            "True",
            "ReadingCommits",
            f"read {reading.done} of {reading.total} commit markers",
        ),
        Finding("Suspended", "True", "SpecSuspend", "spec.suspend is true")
        if suspended
        else Finding("Suspended", "False", "NotSuspended"),
    )
    return view.status.model_copy(
        update={
            "phase": "Suspended" if suspended else view.status.phase,
            "observed_generation": view.generation,
            "plan": view.config.plan,
            "storage": Storage(url=view.url, mode=view.config.commit_mode),
            "conditions": update(
                view.status.conditions, findings, generation=view.generation, now=view.facts.now
            ),
        }
    )
