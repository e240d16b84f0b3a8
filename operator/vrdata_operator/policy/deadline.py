"""When a run is ended for its deadline. Pure.

As with a Kubernetes Job, time stands still for a suspended run and begins anew when it is resumed.
Source: Kubernetes documentation, "Suspending a Job".
"""

from __future__ import annotations

from vrdata.api.status import GenerationRunStatus
from vrdata_operator.status.conditions import seconds


def deadline(limit: int | None, status: GenerationRunStatus, *, suspend: bool) -> float | None:
    """Seconds since the epoch; None while no deadline runs.

    Args:
        limit: spec.activeDeadlineSeconds.
        status: as it stands.
        suspend: spec.suspend.
    """
    suspended = status.condition("Suspended")
    resuming = suspended is not None and suspended.status == "True"
    if limit is None or status.start_time is None or suspend or resuming:
        return None
    begun = seconds(status.start_time)
    if suspended is not None:
        begun = max(begun, seconds(suspended.last_transition_time))
    return begun + limit
