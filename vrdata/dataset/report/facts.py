"""Put together what the page says from the plan, the summary, failures and cards. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from vrdata.contract.groups import FailureGroups
from vrdata.dataset.finish.duplicates import compared
from vrdata.dataset.finish.summary import DatasetSummary, GeneratorSummary
from vrdata.dataset.manifest import unit_of
from vrdata.dataset.report.cards.choose import Choice
from vrdata.dataset.report.failures import SHOWN
from vrdata.dataset.report.model import GeneratorRow, ReportFacts
from vrdata.plan.planned import Plan, PlannedGenerator


def report_facts(
    plan: Plan, summary: DatasetSummary, failures: FailureGroups, choices: Iterable[Choice]
) -> ReportFacts:
    """The facts of a run, finished or not.

    Args:
        plan: the run's plan.
        summary: what is committed.
        failures: what failed.
        choices: the samples that get a card.
    """
    cards = Counter(choice.generator for choice in choices)
    planned_shards = sum(planned.shards for planned in plan.generators)
    groups, more = failures.largest(SHOWN)
    return ReportFacts(
        namespace=plan.namespace,
        run=plan.run,
        finished=summary.shards == planned_shards,
        plan=summary.plan,
        seed=plan.seed,
        format=plan.output.format,
        video=plan.output.video,
        planned=sum(planned.samples for planned in plan.generators),
        samples=summary.samples,
        failed_samples=summary.failed_samples,
        duplicates=summary.duplicates,
        shards=summary.shards,
        planned_shards=planned_shards,
        files=summary.files,
        bytes=summary.bytes,
        dataset_hash=summary.dataset_hash if summary.shards == planned_shards else "",
        architectures=tuple(name for name in summary.architectures if name),
        hermetic=summary.hermetic.describe(summary.shards),
        versions=plan.versions,
        generators=tuple(
            _row(planned, counted, cards[planned.name])
            for planned, counted in zip(plan.generators, summary.generators, strict=True)
        ),
        unit=unit_of(summary.file_names),
        compared=compared(summary.file_names),
        duplicate_examples=tuple(
            (example.sample, example.original) for example in summary.duplicate_examples
        ),
        failures=groups,
        more_failures=more,
        cards=cards.total(),
    )


def _row(planned: PlannedGenerator, counted: GeneratorSummary, cards: int) -> GeneratorRow:
    return GeneratorRow(
        name=planned.name,
        generator_class=planned.generator_class,
        planned=planned.samples,
        samples=counted.samples,
        failed_samples=counted.failed_samples,
        duplicates=counted.duplicates,
        shards=counted.shards,
        planned_shards=planned.shards,
        bytes=counted.bytes,
        cards=cards,
        digest=planned.digest,
    )
