"""Whether a commit marker fits its plan."""

from collections.abc import Callable
from typing import Any

import pytest

from support.builders import build_run, make_plan
from support.markers import signed
from support.memorystore import MemoryStore
from vrdata.dataset.checks.markers import checked_records, head_problems
from vrdata.dataset.checks.problems import Problem
from vrdata.dataset.commits import iter_records
from vrdata.dataset.manifest import FailedSample, Record, ShardManifest
from vrdata.plan.planned import Plan

Marker = tuple[ShardManifest, list[Record]]


def problems(plan: Plan, manifest: ShardManifest, records: list[Record]) -> list[Problem]:
    found = list(head_problems(plan, plan.hash, manifest))
    passed = list(checked_records(plan, plan.hash, manifest, records, found.append))
    assert passed == records
    return found


def kinds(plan: Plan, manifest: ShardManifest, records: list[Record]) -> list[str]:
    return [problem.kind for problem in problems(plan, manifest, records)]


def first(plan: Plan) -> Marker:
    store = MemoryStore()
    manifest = build_run(store, plan)[0]
    return manifest, list(iter_records(store, manifest))


def test_a_marker_of_the_plan_has_no_problem(plan: Plan) -> None:
    store = MemoryStore()
    for manifest in build_run(store, plan, failed=[("O-1_maze", 2)]):
        assert kinds(plan, manifest, list(iter_records(store, manifest))) == []


def test_for_a_marker_of_another_plan_only_the_plan_is_reported(plan: Plan) -> None:
    assert kinds(plan, *first(make_plan({"O-1_maze": 5}, seed=7))) == ["ForeignPlan"]


def test_another_archive_than_the_plans_is_a_problem(plan: Plan) -> None:
    manifest, records = first(plan)
    if manifest.archive is None:
        manifest = first(make_plan({"O-1_maze": 5}))[0].model_copy(update={"plan": plan.hash})
    else:
        other = manifest.archive.model_copy(update={"key": "shards/other.tar"})
        manifest = manifest.model_copy(update={"archive": other})
    assert set(kinds(plan, manifest, records)) == {"WrongMarker"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("digest", "sha256:" + "0" * 64),
        ("start", 1),
        ("stop", 3),
        ("samples", 3),
        ("failed_samples", 1),
    ],
)
def test_a_first_line_that_differs_from_plan_or_records_is_a_problem(
    plan: Plan, field: str, value: Any
) -> None:
    manifest, records = first(plan)
    changed = manifest.model_copy(update={field: value})
    assert kinds(plan, changed, records) == ["WrongMarker"]


def test_another_number_of_objects_than_the_records_have_is_a_problem() -> None:
    plan = make_plan({"O-1_maze": 5}, output_format="files")
    manifest, records = first(plan)
    assert manifest.files is not None
    more = manifest.files.model_copy(update={"objects": manifest.files.objects + 1})
    (problem,) = problems(plan, manifest.model_copy(update={"files": more}), records)
    assert problem.kind == "WrongMarker"
    assert problem.message.startswith("files is 21 objects of")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda records: records.pop(1), "1 sample without a record, first 1"),
        (lambda records: records.pop(), "1 sample without a record, first 3"),
        (lambda records: records.clear(), "4 samples without a record, first 0, 1, 2"),
        (lambda records: records.reverse(), "the record of sample 2 is out of order"),
        (lambda records: records.append(records[3]), "the record of sample 3 is out of order"),
        (
            lambda records: records.append(FailedSample(index=4, reason="EmptyPrompt")),
            "the record of sample 4 is out of order",
        ),
        (
            lambda records: records.append(FailedSample(index=2, reason="EmptyPrompt")),
            "the record of sample 2 is out of order",
        ),
    ],
)
def test_records_that_are_not_those_of_the_shard_are_a_problem(
    plan: Plan, change: Callable[[list[Record]], None], message: str
) -> None:
    manifest, records = first(plan)
    change(records)
    (problem,) = problems(plan, signed(manifest, records), records)
    assert problem.kind == "WrongSamples"
    assert problem.message.startswith(message)


@pytest.mark.parametrize(
    ("field", "value"), [("id", "maze_00000009"), ("block", 1), ("seed", 1), ("files", "unsorted")]
)
def test_a_sample_with_a_wrong_identity_is_a_problem(plan: Plan, field: str, value: Any) -> None:
    manifest, (sample, *rest) = first(plan)
    assert sample.kind == "Sample"
    changed = sample.files[::-1] if value == "unsorted" else value
    records = [sample.model_copy(update={field: changed}), *rest]
    assert kinds(plan, manifest, records) == ["WrongMarker"]
