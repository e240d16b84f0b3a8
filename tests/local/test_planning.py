"""The limits of a local run."""

from __future__ import annotations

import pytest

from vrdata.api.run import GenerationRun
from vrdata.api.source import SourceSpec
from vrdata.local.planning import limited, within
from vrdata.plan.catalogue import Catalogue
from vrdata.plan.sources import PinnedSource, PinnedSources, PlannedSource


def run_of(**samples: int | None) -> GenerationRun:
    """A run with one converter for each name."""
    generators = [
        {"name": name, "converter": "M-import", "source": {"url": f"/{name}"}}
        | ({"samples": count} if count else {})
        for name, count in samples.items()
    ]
    return GenerationRun.model_validate(
        {
            "apiVersion": "vrdata.dev/v1alpha1",
            "kind": "GenerationRun",
            "metadata": {"name": "small"},
            "spec": {"generators": generators},
        }
    )


def pinned(**items: int) -> PinnedSources:
    """Sources with a given number of items."""
    return PinnedSources(
        sources={
            name: PinnedSource(
                requested=SourceSpec(url=f"/{name}"),
                source=PlannedSource(url=f"/{name}", items=count, digest="sha256:" + "0" * 64),
            )
            for name, count in items.items()
        }
    )


def shares(run: GenerationRun) -> dict[str, int | None]:
    return {item.name: item.samples for item in run.spec.generators}


@pytest.mark.parametrize(
    ("total", "expected"),
    [
        (None, {"b": None, "a": None, "c": None}),
        (2, {"b": 2}),
        (3, {"b": 3}),
        (5, {"b": 3, "a": 2}),
        (8, {"b": 3, "a": 4, "c": 1}),
        (99, {"b": 3, "a": 4, "c": 5}),
    ],
)
def test_a_total_goes_to_the_sources_in_their_order(
    total: int | None, expected: dict[str, int | None]
) -> None:
    assert shares(within(run_of(b=None, a=None, c=None), pinned(a=4, b=3, c=5), total)) == expected


def test_a_source_without_items_stays_so_that_the_plan_can_refuse_it() -> None:
    assert shares(within(run_of(a=None, b=None), pinned(a=0, b=2), 5)) == {"a": None, "b": 2}


def test_a_limit_of_each_generator_also_limits_what_its_source_lists() -> None:
    (item,) = limited(run_of(a=9), 4, Catalogue()).spec.generators
    assert item.source is not None
    assert (item.samples, item.source.limit) == (4, 4)
