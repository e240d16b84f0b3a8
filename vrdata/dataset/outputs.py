"""Close a run whose shards are all committed: indexes, dataset.json, README.md, report, `_SUCCESS`.

Idempotent: killed at any point and started again, it ends in the same state.
"""

from __future__ import annotations

import hashlib
import re
from concurrent.futures import ThreadPoolExecutor

from vrdata.dataset import layout
from vrdata.dataset.finish.card import card
from vrdata.dataset.finish.comparison import Comparison
from vrdata.dataset.finish.generator import index_generator
from vrdata.dataset.finish.index import DamagedIndexError, read_counts, read_samples
from vrdata.dataset.finish.shards import CONNECTIONS
from vrdata.dataset.finish.summary import DatasetSummary, SummaryBuilder, load_summary
from vrdata.dataset.report.build import ReportBuilder
from vrdata.dataset.report.publish import is_whole
from vrdata.errors import InvalidInputError, OutputConflictError
from vrdata.plan.planned import Plan
from vrdata.store.opening import PrefixedStore
from vrdata.store.port import ObjectNotFoundError, ObjectStore

_HASH = re.compile(r"sha256:[0-9a-f]{64}\n")


def write_outputs(
    store: ObjectStore, plan: Plan, *, detect: bool, max_failed: int = 0
) -> DatasetSummary:
    """Compare the run with its plan, and finalise it if an output is missing or damaged.

    Args:
        store: the run's store.
        plan: its plan.
        detect: read every data object again, for a store without create-only writes.
        max_failed: samples that may have failed.

    Raises:
        VrdataError: as `close_run`.
    """
    compared = Comparison(store, plan)
    existing = _existing_outputs(store, plan)
    if existing is not None:
        compared.require_whole(existing.bytes_of_generators())
        return existing
    return _close(store, plan, compared, detect=detect, max_failed=max_failed)


def close_run(
    store: ObjectStore, plan: Plan, *, detect: bool, max_failed: int = 0
) -> DatasetSummary:
    """Index what has no index; write dataset.json, README.md, the report and `_SUCCESS`.

    These files are derived from the commit markers, so a missing, damaged or foreign one is
    written again. A whole report is kept. `_SUCCESS` is written only when there is a sample and no
    more samples failed than the failure policy allows. Memory does not grow with samples.

    Args:
        store: the run's store.
        plan: its plan.
        detect: read every data object again, for a store without create-only writes.
        max_failed: samples that may have failed.

    Raises:
        OutputConflictError: `_SUCCESS` contains a dataset hash that is not that of the data;
            nothing is changed. Or as `index_generator`.
        IncompleteRunError, InvalidInputError, StorageError: as `index_generator`.
    """
    return _close(store, plan, Comparison(store, plan), detect=detect, max_failed=max_failed)


def _close(
    store: ObjectStore, plan: Plan, compared: Comparison, *, detect: bool, max_failed: int
) -> DatasetSummary:
    summary, report = _summarise(store, plan, compared, detect=detect)
    if not is_whole(PrefixedStore(store, layout.REPORT)):
        report.write(summary, PrefixedStore(store, layout.REPORT))
    if summary.samples and summary.failed_samples <= max_failed:
        succeed(store, summary)
    return summary


def summarise(
    store: ObjectStore, plan: Plan, *, detect: bool
) -> tuple[DatasetSummary, ReportBuilder]:
    """Index what has no index; write dataset.json and README.md; return what the report needs, too.

    Raises:
        As `close_run`.
    """
    return _summarise(store, plan, Comparison(store, plan), detect=detect)


def _summarise(
    store: ObjectStore, plan: Plan, compared: Comparison, *, detect: bool
) -> tuple[DatasetSummary, ReportBuilder]:
    try:
        summary, report = _read_indexes(store, plan, detect=detect)
    except DamagedIndexError as error:  # its metadata are whole, its rows are not
        store.delete(layout.index_key(error.generator))
        summary, report = _read_indexes(store, plan, detect=detect)
    compared.require_whole(summary.bytes_of_generators())
    _require_same_success(store, summary)
    _restore(store, layout.DATASET, summary.to_json(), "application/json")
    _restore(store, layout.CARD, card(summary), "text/markdown; charset=utf-8")
    return summary, report


def succeed(store: ObjectStore, summary: DatasetSummary) -> None:
    """Write `_SUCCESS`, the last object of a run; it contains the dataset hash."""
    _restore(store, layout.SUCCESS, success_body(summary), "text/plain")


def success_body(summary: DatasetSummary) -> bytes:
    """The bytes of `_SUCCESS`."""
    return f"{summary.dataset_hash}\n".encode()


def _read_indexes(
    store: ObjectStore, plan: Plan, *, detect: bool
) -> tuple[DatasetSummary, ReportBuilder]:
    report = ReportBuilder(store, plan)
    with SummaryBuilder(plan) as builder:
        for planned in plan.generators:
            counts = index_generator(store, plan, planned.name, detect=detect)
            builder.add_counts(counts)
            report.add_failures(counts.failures)
            for sample in read_samples(store, planned.name):
                builder.add(planned.name, sample)
                report.add(planned.name, sample.shard, sample.sample_index)
        return builder.finish(), report


def _require_same_success(store: ObjectStore, summary: DatasetSummary) -> None:
    try:
        existing = store.get(layout.SUCCESS).decode("utf-8", "replace")
    except ObjectNotFoundError:
        return
    if _HASH.fullmatch(existing) and existing.strip() != summary.dataset_hash:
        raise OutputConflictError(
            f"the data in {store.url} have changed since this run finished",
            why=f"{layout.SUCCESS} has {existing.strip()}, the data have {summary.dataset_hash}",
            fix="`vrdata verify` lists what differs; nothing was changed",
        )


def _restore(store: ObjectStore, key: str, body: bytes, content_type: str) -> None:
    """Write an object; one with other bytes is replaced."""
    digest = hashlib.sha256(body).hexdigest()
    if store.put_new(key, body, sha256=digest, content_type=content_type):
        return
    if store.get(key) != body:
        store.delete(key)
        store.put_new(key, body, sha256=digest, content_type=content_type)


def _existing_outputs(store: ObjectStore, plan: Plan) -> DatasetSummary | None:
    """The summary if all outputs are whole: `_SUCCESS`, indexes, report and the others."""
    try:
        summary = load_summary(store)
    except InvalidInputError:
        return None
    if summary is None or summary.plan != plan.hash:
        return None
    if store.get(layout.SUCCESS) != success_body(summary):
        return None
    if _stored(store, layout.CARD) != card(summary):
        return None
    if not is_whole(PrefixedStore(store, layout.REPORT)):
        return None
    return summary if _are_indexed(store, summary) else None


def _stored(store: ObjectStore, key: str) -> bytes | None:
    try:
        return store.get(key)
    except ObjectNotFoundError:
        return None


def _are_indexed(store: ObjectStore, summary: DatasetSummary) -> bool:
    def indexed(generator: str) -> tuple[int, int, int] | None:
        counts = read_counts(store, summary.plan, generator)
        return (counts.samples, counts.failed_samples, counts.shards) if counts else None

    names = [one.name for one in summary.generators]
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        try:
            found = list(pool.map(indexed, names))
        except DamagedIndexError:
            return False
    parts = [(one.samples, one.failed_samples, one.shards) for one in summary.generators]
    totals = (summary.samples, summary.failed_samples, summary.shards)
    return found == parts and totals == tuple(map(sum, zip(*parts, strict=True)))
