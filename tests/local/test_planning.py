"""The limits of a local run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from support.memorystore import MemoryStore
from support.plans.catalogues import catalogue, make_run
from support.plans.pipelines import NAME, OTHER_DIGEST, pipeline, source
from support.plans.pipelines import pinned as pinned_places
from vrdata.api.run import GenerationRun
from vrdata.api.source import SourceSpec
from vrdata.dataset import layout
from vrdata.local.planning import describe_place, keep_inputs, limited, pin, plan_run, within
from vrdata.plan.catalogue import Catalogue
from vrdata.plan.places import requested_places
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


@pytest.mark.parametrize(
    ("selection", "spec", "expected"),
    [
        ({}, {}, 4),
        ({"samples": 3}, {}, 3),
        ({"samples": 9}, {"samples": 2}, 4),
        ({}, {"samples": 9}, None),
        ({"sources": [{"place": "raw", "url": "s3://a"}]}, {}, None),
    ],
)
def test_a_limit_of_a_pipeline_is_at_most_its_items(
    selection: dict[str, Any], spec: dict[str, Any], expected: int | None
) -> None:
    run = make_run({"name": NAME} | selection, samples=spec.get("samples"))
    (item,) = limited(run, 4, catalogue(pipeline())).spec.generators
    assert item.samples == expected


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({}, "raw has 5 files (500 B) of s3://bucket/raw"),
        ({"revision": "c1"}, "raw has 5 files (500 B) of s3://bucket/raw at c1"),
        (
            {"licence": "mit", "terms": "no faces"},
            "raw has 5 files (500 B) of s3://bucket/raw; licence: mit; terms: no faces",
        ),
        (
            {"digest": OTHER_DIGEST},
            "raw has 5 files (500 B) of s3://bucket/raw, which are not those of `generators add`",
        ),
    ],
)
def test_what_a_pipeline_reads_is_said_with_licence_and_terms(
    facts: dict[str, Any], words: str
) -> None:
    wanted = requested_places(make_run(NAME).spec, catalogue(pipeline()))[NAME]
    (place,) = pinned_places(*wanted, **facts).places[NAME]
    assert describe_place(place) == words


def test_a_local_run_pins_a_pipeline_says_so_and_keeps_its_list(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    for number in range(3):
        (raw / f"{number}.png").write_bytes(b"%d" % number)
    entry = pipeline(source(url=str(raw), digest="", terms="no faces"))
    store, said = MemoryStore(), list[str]()
    found = pin(make_run(NAME), catalogue(entry), store, write=True, say=said.append)
    assert found is not None
    assert said == [
        f"resolving {raw}",
        f"{NAME}: raw has 3 files (3 B) of {raw}; terms: no faces",
    ]
    plan = plan_run(make_run(NAME), catalogue(entry), None, found).plan
    key = layout.place_key(NAME, 0)
    before = store.objects.pop(key)
    keep_inputs(make_run(NAME), catalogue(entry), plan, store)
    assert store.objects[key] == before
    assert plan_run(make_run(NAME), catalogue(entry), plan, found).plan == plan
