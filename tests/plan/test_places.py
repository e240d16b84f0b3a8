"""What a pipeline reads, how many samples it gives, and how they are cut."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.plans.catalogues import VERSIONS, catalogue, make_run, planned
from support.plans.pipelines import (
    DIGEST,
    NAME,
    OTHER_DIGEST,
    WHOLE,
    pinned,
    pipeline,
    source,
)
from vrdata.api.run import GenerationRun
from vrdata.errors import InvalidInputError
from vrdata.plan.build import build_plan
from vrdata.plan.catalogue import CatalogueEntry
from vrdata.plan.places import requested_places
from vrdata.plan.planned import PlannedGenerator
from vrdata.plan.sources import PinnedSources, fits

RAW = {"place": "raw", "url": "s3://mirror/raw"}


def run_of(total: int | None = None, /, **selection: Any) -> GenerationRun:
    """A run of one pipeline; `total` = spec.samples."""
    return make_run({"name": NAME} | selection, samples=total)


def plan_of(
    run: GenerationRun, entry: CatalogueEntry, digest: str = DIGEST, **facts: Any
) -> PlannedGenerator:
    """Its share of the plan, with its sources pinned."""
    wanted = requested_places(run.spec, catalogue(entry)).get(NAME, ())
    sources = pinned(*wanted, digest=digest, **facts)
    (found,) = planned(run, entry, sources=sources).generators
    return found


def refused(run: GenerationRun, entry: CatalogueEntry, digest: str = DIGEST) -> str:
    with pytest.raises(InvalidInputError) as caught:
        plan_of(run, entry, digest)
    assert caught.value.fix
    return str(caught.value)


def test_a_pipeline_reads_the_sources_of_the_catalogue_sorted_by_place() -> None:
    entry = pipeline(source("videos"), source("raw", terms="no faces"))
    found = plan_of(run_of(), entry)
    assert [(one.place, one.url) for one in found.places] == [
        ("raw", "s3://bucket/raw"),
        ("videos", "s3://bucket/videos"),
    ]
    assert found.places[0].terms == "no faces"


def test_a_run_replaces_the_data_of_a_place_and_not_what_it_is_for() -> None:
    there = source(
        "raw", config="CT", revision="v1", include=["*.a"], unpack=True, serves=["s3://x/"]
    )
    run = run_of(sources=[RAW | {"include": ["*.zip"]}])
    entry = pipeline(there | {"ranges": True, "terms": "no faces"}, source("other"))
    raw = requested_places(run.spec, catalogue(entry))[NAME][1]
    assert (raw.url, raw.config, raw.revision) == ("s3://mirror/raw", "", "")
    assert raw.include == ("*.zip",)
    assert (raw.unpack, raw.ranges, raw.serves, raw.terms) == (True, True, ("s3://x/",), "no faces")
    other = requested_places(run.spec, catalogue(entry))[NAME][0]
    assert other.url == "s3://bucket/other"


def test_one_pipeline_reads_two_sources_under_two_names() -> None:
    second = {"name": "scans", "converter": NAME, "sources": [RAW], "samples": 3}
    run = make_run({"name": NAME, "samples": 2}, second)
    found = requested_places(run.spec, catalogue(pipeline()))
    assert {name: places[0].url for name, places in found.items()} == {
        NAME: "s3://bucket/raw",
        "scans": "s3://mirror/raw",
    }
    plan = planned(run, pipeline())
    assert [(one.name, one.catalogue_name, one.samples) for one in plan.generators] == [
        (NAME, NAME, 2),
        ("scans", NAME, 3),
    ]


@pytest.mark.parametrize(
    ("selection", "facts", "words"),
    [
        ({"sources": [RAW | {"place": "row"}]}, {}, "has no place row\n  why: the places"),
        ({"source": {"url": "s3://a"}, "samples": 1}, {}, "has source instead of sources"),
        ({"sources": [RAW]}, {"sources": []}, "has no place raw\n  why: M-100_scan reads none"),
        ({"blockSize": 5}, {"whole": WHOLE}, f"{NAME} runs as one shard\n  why: {WHOLE}"),
        ({"start": 5}, {"step": None}, "has start, and"),
        ({"sources": [RAW]}, {}, "needs a number of samples"),
        ({}, {"items": 0}, "needs a number of samples"),
    ],
)  # fmt: skip
def test_what_does_not_fit_a_pipeline_is_refused(
    selection: dict[str, Any], facts: dict[str, Any], words: str
) -> None:
    assert words in refused(run_of(**selection), pipeline(**facts))


@pytest.mark.parametrize("kind", ["repository", "builtin", "converter"])
def test_sources_of_another_generator_are_refused(kind: str) -> None:
    entry = pipeline().model_copy(update={"kind": kind, "pipeline": None})
    run = run_of(sources=[RAW], samples=1)
    with pytest.raises(InvalidInputError, match="has no places for sources"):
        planned(run, entry)


def test_samples_of_a_generator_are_required_whatever_its_name_is() -> None:
    entry = pipeline().model_copy(update={"kind": "repository", "pipeline": None})
    with pytest.raises(InvalidInputError, match="samples is missing for M-100_scan"):
        planned(run_of(), entry)


@pytest.mark.parametrize(
    ("selection", "samples", "expected"),
    [
        ({}, None, (0, 40)),
        ({}, 30, (0, 30)),
        ({"samples": 7}, 30, (0, 7)),
        ({"start": 35}, None, (35, 40)),
        ({"start": 35, "samples": 2}, None, (35, 37)),
        ({"sources": [RAW], "samples": 40}, None, (0, 40)),
    ],
)
def test_samples_are_those_of_the_run_or_all_items(
    selection: dict[str, Any], samples: int | None, expected: tuple[int, int]
) -> None:
    found = plan_of(run_of(samples, **selection), pipeline())
    assert (found.start, found.stop) == expected


@pytest.mark.parametrize("selection", [{"samples": 41}, {"start": 40}, {"start": 39, "samples": 2}])
def test_more_samples_than_items_are_refused_while_the_sources_are_those_of_the_catalogue(
    selection: dict[str, Any],
) -> None:
    assert "too few items\n  why: a walk over them has 40" in refused(
        run_of(**selection), pipeline()
    )


def test_changed_sources_can_have_more_items() -> None:
    assert plan_of(run_of(samples=41), pipeline(), OTHER_DIGEST).samples == 41
    assert "start 40 is more" in refused(run_of(start=40), pipeline(), OTHER_DIGEST)


def test_a_pipeline_without_sources_has_its_own_items() -> None:
    entry = pipeline(sources=[])
    assert plan_of(run_of(), entry).samples == 40
    assert plan_of(run_of(), entry).places == ()
    assert "too few items" in refused(run_of(samples=41), entry)


def test_the_number_of_items_is_not_compared_before_the_sources_are_pinned() -> None:
    (found,) = planned(run_of(samples=41), pipeline()).generators
    assert (found.samples, found.places) == (41, ())


@given(
    samples=st.integers(1, 3000),
    block=st.integers(1, 1000),
    shard=st.one_of(st.none(), st.integers(1, 2000)),
    facts=st.sampled_from([{"step": None}, {"whole": WHOLE}, {"step": None, "whole": WHOLE}]),
)
def test_a_pipeline_without_slices_is_one_block_and_one_shard_of_any_size(
    samples: int, block: int, shard: int | None, facts: dict[str, Any]
) -> None:
    entry = pipeline(items=3000, **facts).model_copy(update={"block_size": block})
    run = make_run({"name": NAME, "samples": samples}, shardSize=shard)
    found = plan_of(run, entry)
    assert (found.blocks, found.shards, found.block_size) == (1, 1, samples)
    only = found.shard(0)
    assert (only.start, only.stop) == (0, samples)


@given(samples=st.integers(1, 500), start=st.integers(0, 500), block=st.integers(1, 50))
def test_a_pipeline_with_a_step_is_cut_like_every_generator(
    samples: int, start: int, block: int
) -> None:
    entry = pipeline(items=1000).model_copy(update={"block_size": block})
    like = entry.model_copy(update={"kind": "repository", "pipeline": None})
    run = run_of(samples=samples, start=start)
    (other,) = planned(run, like).generators
    found = plan_of(run, entry)
    assert found.model_copy(update={"places": ()}) == other


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({"licence": "cc-by-4.0", "terms": "no faces"}, True),
        ({"digest": OTHER_DIGEST}, False),
        ({"url": "s3://mirror/raw"}, False),
        ({"revision": "c" * 40}, False),
        ({"place": "other"}, False),
        ({"unpack": True}, False),
        ({"ranges": True}, False),
        ({"serves": ["s3://x/"]}, False),
    ],
)
def test_the_hash_changes_with_what_a_pipeline_reads_and_not_with_what_is_said_of_it(
    changes: dict[str, Any], same: bool
) -> None:
    entry, run = pipeline(), run_of()
    wanted = requested_places(run.spec, catalogue(entry))[NAME]
    plans = [planned(run, entry, sources=pinned(*wanted, **facts)) for facts in ({}, changes)]
    assert (plans[0].hash == plans[1].hash) is same
    assert plans[0] != plans[1]


def test_a_pipeline_without_sources_has_the_plan_of_a_generator() -> None:
    entry = pipeline(sources=[])
    like = entry.model_copy(update={"kind": "repository", "pipeline": None})
    assert planned(run_of(samples=40), entry).hash == planned(run_of(samples=40), like).hash


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({}, True),
        ({"digest": OTHER_DIGEST, "licence": "mit", "terms": "no faces"}, True),
        ({"revision": "c" * 40}, True),
        ({"revision": "v2"}, False),
        ({"url": "s3://mirror/raw"}, False),
        ({"include": ["*.a"]}, False),
        ({"unpack": True}, False),
    ],
)
def test_pinned_sources_fit_a_request_for_the_same_data(
    changes: dict[str, Any], same: bool
) -> None:
    run = run_of()
    wanted = requested_places(run.spec, catalogue(pipeline()))
    stored = pinned(*wanted[NAME], revision="c" * 40)
    other = requested_places(run.spec, catalogue(pipeline(source() | changes)))
    assert fits(stored, run.spec, other) is same
    assert not fits(PinnedSources(), run.spec, other)


def test_pinned_sources_of_runs_without_pipelines_are_as_in_earlier_versions() -> None:
    assert "places" not in PinnedSources().to_dict()


def test_a_plan_with_places_is_read_back_equal() -> None:
    entry, run = pipeline(source(terms="no faces")), run_of()
    wanted = requested_places(run.spec, catalogue(entry))[NAME]
    plan = build_plan(run, catalogue(entry), versions=VERSIONS, sources=pinned(*wanted))
    assert type(plan).model_validate_json(plan.to_json()) == plan


@pytest.mark.parametrize(
    ("programs", "recorded"),
    [(("ffmpeg",), True), (("sh",), True), (("unar",), False), ((), False)],
)
def test_the_version_of_ffmpeg_is_part_of_plans_whose_pipelines_start_it(
    programs: tuple[str, ...], recorded: bool
) -> None:
    entry = pipeline(programs=programs)
    run, versions = run_of(), VERSIONS | {"ffmpeg": "5.1.9"}
    plan = planned(run, entry, versions=versions)
    assert ("ffmpeg" in plan.versions) == recorded
    other = planned(run, entry, versions=versions | {"ffmpeg": "7.0"})
    assert (plan.hash != other.hash) == recorded
