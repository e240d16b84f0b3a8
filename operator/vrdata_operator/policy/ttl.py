"""When a finished run is deleted. Pure.

As with a Kubernetes Job: `ttlSecondsAfterFinished` seconds after its completion time.
"""

from __future__ import annotations

from vrdata.api.status import GenerationRunStatus
from vrdata_operator.state.time import seconds


def expiry(ttl: int | None, status: GenerationRunStatus) -> float | None:
    """Seconds since the epoch; None for a run that is kept.

    Args:
        ttl: spec.ttlSecondsAfterFinished.
        status: the stored status.
    """
    if ttl is None or status.completion_time is None:
        return None
    return seconds(status.completion_time) + ttl
