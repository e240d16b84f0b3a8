"""Make a run's report: collect while markers pass, then cards, then the page as the last file."""

from __future__ import annotations

from vrdata.bounded.parallel import in_order
from vrdata.dataset import layout
from vrdata.dataset.commits import iter_commits, open_marker
from vrdata.dataset.finish.finalise import load_summary
from vrdata.dataset.finish.summary import DatasetSummary, SummaryBuilder
from vrdata.dataset.manifest import Record, SampleRecord, ShardManifest
from vrdata.dataset.reader import load_plan
from vrdata.dataset.report.cards import make_cards
from vrdata.dataset.report.choose import CardChooser
from vrdata.dataset.report.facts import report_facts
from vrdata.dataset.report.failures import FailureGroups, add_failed_attempts
from vrdata.dataset.report.model import ReportFacts
from vrdata.dataset.report.publish import PAGE, Publisher
from vrdata.dataset.report.render import render_cards, render_page, static_files
from vrdata.plan.planned import Plan, Shard
from vrdata.store.port import ObjectStore

JOBS = 8


class ReportBuilder:
    """Collects from commit markers, in plan order; memory does not grow with samples.

    Args:
        store: the run's store.
        plan: its plan.
    """

    def __init__(self, store: ObjectStore, plan: Plan) -> None:
        self._store = store
        self._plan = plan
        self._chooser = CardChooser(plan)
        self._failures = FailureGroups()

    def add(self, manifest: ShardManifest, record: Record) -> None:
        """Take one record of a commit marker."""
        if isinstance(record, SampleRecord):
            self._chooser.add(manifest, record)
        else:
            self._failures.add_sample(manifest.generator, record)

    def add_failed_attempts(self, committed: set[Shard]) -> None:
        """Take the failures of shards that are not committed. Raises StorageError."""
        add_failed_attempts(self._failures, self._store, self._plan, committed)

    def write(self, summary: DatasetSummary, target: ObjectStore) -> ReportFacts:
        """Write the report; `index.html` comes last.

        Args:
            summary: what is committed.
            target: the report's own part of a store.

        Raises:
            StorageError, StoreAccessError: a store cannot be used.
        """
        publisher = Publisher(target)
        picks = self._chooser.picks()
        facts = report_facts(self._plan, summary, self._failures, picks)
        cards = make_cards(self._store, self._plan, picks, publisher)
        publisher.put("cards.js", render_cards(cards))
        for name, body in static_files().items():
            publisher.put(name, body)
        publisher.remove_others()
        publisher.put(PAGE, render_page(facts))
        return facts


def make_report(store: ObjectStore, target: ObjectStore) -> ReportFacts:
    """Make the report of a run that is stored, finished or not.

    Args:
        store: the run's store.
        target: where the report goes.

    Raises:
        NotFoundError: there is no run.
        InvalidInputError: the plan or a commit marker is damaged.
        StorageError, StoreAccessError: a store cannot be used.
    """
    plan = load_plan(store)
    committed = set(iter_commits(store))
    there = [shard for shard in plan.all_shards() if shard in committed]
    builder = ReportBuilder(store, plan)
    finished = load_summary(store)
    with SummaryBuilder(plan) as counter:
        for marker in in_order(there, lambda shard: open_marker(store, *shard), JOBS):
            if finished is None:
                counter.add_shard(marker.manifest)
            for record in marker.records:
                builder.add(marker.manifest, record)
                if finished is None:
                    counter.add(marker.manifest.generator, record)
        summary = finished or counter.finish()
    if len(there) < sum(planned.shards for planned in plan.generators):
        builder.add_failed_attempts(committed)
    return builder.write(summary, target)


def report_page(url: str) -> str:
    """Where the page lies, below the URL of the report's store."""
    return f"{url.rstrip('/')}/{PAGE}"


def is_reported(store: ObjectStore) -> bool:
    """Whether the run has a whole report of its own."""
    return store.head(layout.REPORT + PAGE) is not None
