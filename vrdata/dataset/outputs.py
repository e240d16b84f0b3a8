"""Write what a finished run gets beside its shards: summary, index, report, `_SUCCESS`."""

from __future__ import annotations

from vrdata.dataset import layout
from vrdata.dataset.finish.finalise import finalise, succeed
from vrdata.dataset.finish.summary import DatasetSummary
from vrdata.dataset.report.build import ReportBuilder, is_reported
from vrdata.plan.planned import Plan
from vrdata.store.opening import PrefixedStore
from vrdata.store.port import ObjectStore


def write_outputs(
    store: ObjectStore, plan: Plan, *, detect: bool, max_failed: int = 0
) -> DatasetSummary:
    """Finalise the run; a report that is there already stays as it is.

    `_SUCCESS` is written only when no more samples were left out than the failure policy allows.

    Args:
        store: the run's store.
        plan: its plan.
        detect: read every data object again, for a store without create-only writes.
        max_failed: samples that may be left out.

    Raises:
        VrdataError: as `finalise`.
    """
    report = ReportBuilder(store, plan)
    summary = finalise(store, plan, rehash=detect, observe=report.add)
    if not is_reported(store):
        report.write(summary, PrefixedStore(store, layout.REPORT))
    if summary.failed_samples <= max_failed:
        succeed(store, summary)
    return summary
