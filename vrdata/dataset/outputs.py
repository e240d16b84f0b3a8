"""Write what a finished run gets beside its shards: summary, index, report, `_SUCCESS`."""

from __future__ import annotations

from vrdata.dataset.finalise import finalise, succeed
from vrdata.dataset.summary import DatasetSummary
from vrdata.plan.model import Plan
from vrdata.store.port import ObjectStore


def write_outputs(store: ObjectStore, plan: Plan, *, detect: bool) -> DatasetSummary:
    """Finalise the run.

    Args:
        store: the run's store.
        plan: its plan.
        detect: read every data object again, for a store without create-only writes.

    Raises:
        VrdataError: as `finalise`.
    """
    summary = finalise(store, plan, rehash=detect)
    succeed(store, summary)
    return summary
