"""Whether a marker fits its plan."""

from typing import Any

import pytest

from support.builders import build_run, make_plan
from support.memorystore import MemoryStore
from vrdata.dataset.manifest import FailedSample, ShardManifest
from vrdata.dataset.markers import marker_problems
from vrdata.plan.planned import Plan

FAILED = FailedSample(index=2, reason="EmptyPrompt")


def kinds(plan: Plan, manifest: ShardManifest) -> list[str]:
    return [found.kind for found in marker_problems(plan, plan.hash, manifest)]


def first(plan: Plan) -> ShardManifest:
    return build_run(MemoryStore(), plan)[0]


def test_a_marker_of_the_plan_has_no_problem(plan: Plan) -> None:
    for manifest in build_run(MemoryStore(), plan, failed=[("O-1_maze", 2)]):
        assert kinds(plan, manifest) == []


def test_a_marker_of_another_plan_is_only_that(plan: Plan) -> None:
    other = make_plan({"O-1_maze": 5}, seed=7)
    assert kinds(plan, first(other)) == ["ForeignPlan"]


@pytest.mark.parametrize(
    ("field", "value", "kind"),
    [
        ("digest", "sha256:" + "0" * 64, "WrongMarker"),
        ("start", 1, "WrongMarker"),
        ("stop", 3, "WrongMarker"),
        ("data", (), "WrongMarker"),
        ("failed", (FAILED,), "WrongSamples"),
    ],
)
def test_a_marker_that_says_something_else_is_a_problem(
    plan: Plan, field: str, value: Any, kind: str
) -> None:
    assert kind in kinds(plan, first(plan).model_copy(update={field: value}))


def test_a_sample_that_is_neither_made_nor_failed_is_a_problem(plan: Plan) -> None:
    manifest = first(plan)
    less = manifest.model_copy(update={"samples": manifest.samples[:-1]})
    assert "WrongSamples" in kinds(plan, less)


def test_samples_out_of_order_are_a_problem(plan: Plan) -> None:
    manifest = first(plan)
    swapped = manifest.model_copy(update={"samples": manifest.samples[::-1]})
    assert "WrongSamples" in kinds(plan, swapped)


@pytest.mark.parametrize(
    ("field", "value"), [("id", "maze_00000009"), ("block", 1), ("seed", 1), ("files", "unsorted")]
)
def test_a_sample_with_a_wrong_identity_is_a_problem(plan: Plan, field: str, value: Any) -> None:
    manifest = first(plan)
    head, *rest = manifest.samples
    changed = head.files[::-1] if value == "unsorted" else value
    samples = (head.model_copy(update={field: changed}), *rest)
    assert "WrongMarker" in kinds(plan, manifest.model_copy(update={"samples": samples}))
