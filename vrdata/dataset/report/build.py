"""Build a run's report: choose samples, write their cards, and the page as the last file."""

from __future__ import annotations

from collections.abc import Iterable

from vrdata.bounded.parallel import in_order
from vrdata.contract.groups import FailureGroup, FailureGroups
from vrdata.dataset.commits import iter_commits, open_marker
from vrdata.dataset.finish.counts import GeneratorCounter, IndexedSample
from vrdata.dataset.finish.summary import DatasetSummary, SummaryBuilder, load_summary
from vrdata.dataset.manifest import SampleRecord
from vrdata.dataset.plans import load_plan
from vrdata.dataset.report.cards.choose import CardChooser
from vrdata.dataset.report.cards.make import make_cards
from vrdata.dataset.report.facts import report_facts
from vrdata.dataset.report.failures import add_failed_attempts
from vrdata.dataset.report.model import ReportFacts
from vrdata.dataset.report.publish import CARDS, PAGE, Publisher
from vrdata.dataset.report.render import render_cards, render_page, static_files
from vrdata.plan.planned import Plan, Shard
from vrdata.store.port import ObjectStore

JOBS = 8


class ReportBuilder:
    """Collects what a report shows; its memory does not grow with samples.

    Args:
        store: the run's store.
        plan: its plan.
    """

    def __init__(self, store: ObjectStore, plan: Plan) -> None:
        self._store = store
        self._plan = plan
        self._chooser = CardChooser(plan)
        self._failures = FailureGroups()

    def add(self, generator: str, shard: int, index: int) -> None:
        """Add one committed sample, by its global index."""
        self._chooser.add(generator, shard, index)

    def add_failures(self, groups: Iterable[FailureGroup]) -> None:
        """Add the failed samples of one generator."""
        self._failures.merge(groups)

    def add_failed_attempts(self, committed: set[Shard]) -> None:
        """Add the failures of shards that are not committed. Raises StorageError."""
        add_failed_attempts(self._failures, self._store, self._plan, committed)

    def write(self, summary: DatasetSummary, target: ObjectStore) -> ReportFacts:
        """Write the report; `index.html` comes last.

        Args:
            summary: what is committed.
            target: the report's own part of a store.

        Raises:
            InvalidInputError: a commit marker is damaged.
            StorageError, StoreAccessError: a store cannot be used.
        """
        publisher = Publisher(target)
        choices = self._chooser.choices()
        facts = report_facts(self._plan, summary, self._failures, choices)
        cards = make_cards(self._store, self._plan, choices, publisher)
        publisher.put(CARDS, render_cards(cards))
        for name, body in static_files().items():
            publisher.put(name, body)
        publisher.remove_others()
        publisher.put(PAGE, render_page(facts, publisher.digest()))
        return facts


def make_report(store: ObjectStore, target: ObjectStore) -> ReportFacts:
    """Write the report of a stored run, finished or not, from its commit markers.

    Args:
        store: the run's store.
        target: the store to write the report to.

    Raises:
        NotFoundError: the store has no run.
        InvalidInputError: the plan or a commit marker is damaged.
        StorageError, StoreAccessError: a store cannot be used.
    """
    plan = load_plan(store)
    committed = set(iter_commits(store))
    existing = [shard for shard in plan.all_shards() if shard in committed]
    builder = ReportBuilder(store, plan)
    counters = {one.name: GeneratorCounter(plan.hash, one.name) for one in plan.generators}
    finished = load_summary(store)
    with SummaryBuilder(plan) as summary:
        for marker in in_order(existing, lambda shard: open_marker(store, *shard), JOBS):
            manifest, counter = marker.manifest, counters[marker.manifest.generator]
            counter.add_shard(manifest)
            for record in marker.records:
                counter.add(record)
                if isinstance(record, SampleRecord):
                    builder.add(manifest.generator, manifest.shard, record.index)
                    if finished is None:
                        summary.add(manifest.generator, IndexedSample.of(manifest.shard, record))
        for counter in counters.values():
            counts = counter.counts()
            summary.add_counts(counts)
            builder.add_failures(counts.failures)
        result = finished or summary.finish()
    if len(existing) < len(list(plan.all_shards())):
        builder.add_failed_attempts(committed)
    return builder.write(result, target)


def report_page(url: str) -> str:
    """URL of the page, below the URL of the report's store."""
    return f"{url.rstrip('/')}/{PAGE}"
