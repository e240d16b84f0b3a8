"""Write what a finished run has besides its shards: summary, indexes, report, `_SUCCESS`."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from vrdata.dataset import layout
from vrdata.dataset.finish.closing import close_run, success_body
from vrdata.dataset.finish.index import DamagedIndexError, read_counts
from vrdata.dataset.finish.shards import CONNECTIONS
from vrdata.dataset.finish.summary import DatasetSummary, load_summary
from vrdata.dataset.report.publish import is_whole
from vrdata.errors import InvalidInputError
from vrdata.plan.planned import Plan
from vrdata.store.opening import PrefixedStore
from vrdata.store.port import ObjectStore


def write_outputs(
    store: ObjectStore, plan: Plan, *, detect: bool, max_failed: int = 0
) -> DatasetSummary:
    """Finalise the run, or do nothing when its outputs are all there.

    Missing and damaged outputs of a finished run are written again.

    Args:
        store: the run's store.
        plan: its plan.
        detect: read every data object again, for a store without create-only writes.
        max_failed: samples that may have failed.

    Raises:
        VrdataError: as `close_run`.
    """
    existing = _existing_outputs(store, plan)
    if existing is not None:
        return existing
    return close_run(store, plan, detect=detect, max_failed=max_failed)


def _existing_outputs(store: ObjectStore, plan: Plan) -> DatasetSummary | None:
    """The summary if `_SUCCESS`, dataset.json, all indexes and the report are whole."""
    try:
        summary = load_summary(store)
    except InvalidInputError:
        return None
    if summary is None or summary.plan != plan.hash:
        return None
    if store.get(layout.SUCCESS) != success_body(summary):
        return None
    if not is_whole(PrefixedStore(store, layout.REPORT)):
        return None
    return summary if _are_indexed(store, summary) else None


def _are_indexed(store: ObjectStore, summary: DatasetSummary) -> bool:
    def indexed_samples(generator: str) -> int | None:
        counts = read_counts(store, summary.plan, generator)
        return counts.samples if counts else None

    names = [one.name for one in summary.generators]
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        try:
            found = list(pool.map(indexed_samples, names))
        except DamagedIndexError:
            return False
    return found == [one.samples for one in summary.generators]
