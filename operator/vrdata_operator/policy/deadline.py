"""When a run exceeds its deadline. Pure.

As with a Kubernetes Job, suspending a run stops the timer and resuming it restarts the timer.
Source: Kubernetes documentation, "Suspending a Job".
"""

from __future__ import annotations

from vrdata.api.status import GenerationRunStatus
from vrdata_operator.state.time import seconds


def deadline(limit: int | None, status: GenerationRunStatus, *, suspend: bool) -> float | None:
    """Seconds since the epoch; None while no deadline applies.

    Args:
        limit: spec.activeDeadlineSeconds.
        status: the stored status.
        suspend: spec.suspend.
    """
    suspended = status.condition("Suspended")
    resuming = suspended is not None and suspended.status == "True"
    if limit is None or status.start_time is None or suspend or resuming:
        return None
    started = seconds(status.start_time)
    if suspended is not None:
        started = max(started, seconds(suspended.last_transition_time))
    return started + limit
