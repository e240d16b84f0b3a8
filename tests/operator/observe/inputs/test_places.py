"""Runs with pipelines: which of their sources are allowed, and the Job that pins them."""

from __future__ import annotations

import pytest

from support.lives import ENTRIES, Json, Life, profile_object, run_object
from support.operator.fakepods import task_of
from support.plans.imports import CONVERTER, JOB, jobs, resolving, run_store
from support.plans.pipelines import NAME, OTHER_DIGEST, WHOLE, pipeline, source
from vrdata.contract.pod import ResolvePod
from vrdata.dataset import layout
from vrdata.dataset.reader import load_model
from vrdata.plan.catalogue import CatalogueEntry
from vrdata.plan.planned import Plan
from vrdata.plan.sources import PinnedSources
from vrdata.plan.waves import Wave
from vrdata_operator.state.names import resolve_job

RAW = {"place": "raw", "url": "s3://mirror/raw"}
ALLOWED = {"allowed": ["s3://bucket/", "s3://mirror/", "hf://org/"]}


@pytest.fixture
def scanning(life: Life) -> Life:
    """An image with a pipeline, and a profile that allows its sources."""
    life.install(profile_object(sources=ALLOWED))
    life.workers.entries = (*ENTRIES, pipeline())
    return life


def scan_object(*generators: Json, **selection: object) -> Json:
    """A run of the pipeline."""
    return run_object(generators=[{"name": NAME} | selection, *generators])


def of(life: Life, *entries: CatalogueEntry) -> None:
    life.workers.entries = (*ENTRIES, *entries)


def task(life: Life) -> ResolvePod:
    """The task of the Job that pins the sources."""
    pod = task_of(life.job(JOB)).resolve
    assert pod is not None
    return pod


def class_of(life: Life, job: str) -> str:
    """The class of a wave's shards; "" for another Job."""
    task = task_of(life.job(job))
    if task.shard is None:
        return ""
    return load_model(run_store(life), layout.wave_key(task.shard.wave), Wave).generator_class


def has_token(life: Life, job: str) -> bool:
    (container,) = life.job(job)["spec"]["template"]["spec"]["containers"]
    return any(one["name"] == "HF_TOKEN" for one in container["env"])


def test_all_items_of_the_catalogues_sources_become_samples(scanning: Life) -> None:
    scanning.create(scan_object())
    status = scanning.live()
    assert status.phase == "Succeeded"
    assert status.samples.desired == status.samples.succeeded == 40
    (planned,) = load_model(run_store(scanning), layout.PLAN, Plan).generators
    assert [(one.place, one.url) for one in planned.places] == [("raw", "s3://bucket/raw")]
    assert scanning.cluster.made["team", JOB] == 1


def test_the_job_pins_what_the_policy_has_allowed(scanning: Life) -> None:
    of(scanning, pipeline(source("raw", unpack=True), source("b", terms="no faces")))
    scanning.create(scan_object(CONVERTER, samples=3, sources=[RAW]))
    scanning.live(until=lambda: resolving(scanning))
    pod = task(scanning)
    assert [one.name for one in pod.spec.generators] == [NAME, "mazes"]
    assert pod.places is not None
    b, raw = pod.places[NAME]
    assert (b.place, b.url, b.terms) == ("b", "s3://bucket/b", "no faces")
    assert (raw.place, raw.url, raw.unpack) == ("raw", "s3://mirror/raw", True)


def test_a_run_without_places_has_the_task_that_earlier_workers_read(scanning: Life) -> None:
    scanning.create(run_object(generators=[CONVERTER]))
    scanning.live(until=lambda: resolving(scanning))
    assert "places" not in task(scanning).to_dict()


def test_only_pods_that_read_sources_get_the_token(scanning: Life) -> None:
    scanning.install(profile_object(sources=ALLOWED | {"existingSecret": "hub"}))
    scanning.create(scan_object({"name": "O-maze", "samples": 3}))
    scanning.live()
    (wave,) = [name for name in jobs(scanning) if class_of(scanning, name) == "M"]
    with_token = [name for name in jobs(scanning) if has_token(scanning, name)]
    assert sorted(with_token) == sorted([JOB, wave])


def test_a_walk_without_slices_is_one_shard(scanning: Life) -> None:
    of(scanning, pipeline(items=2500, whole=WHOLE))
    scanning.create(run_object(generators=[{"name": NAME}], shardSize=10))
    assert scanning.live().phase == "Succeeded"
    (planned,) = load_model(run_store(scanning), layout.PLAN, Plan).generators
    assert (planned.shards, planned.block_size) == (1, 2500)


def test_a_source_of_the_run_that_is_not_allowed_is_rejected_before_any_job(life: Life) -> None:
    life.install(profile_object(sources={"allowed": ["s3://bucket/"]}))
    of(life, pipeline())
    life.create(scan_object(samples=3, sources=[RAW]))
    life.turn()
    found = life.condition("Accepted")
    assert (found.status, found.reason) == ("False", "SourceNotAllowed")
    assert f"{NAME} reads s3://mirror/raw" in found.message
    assert life.cluster.jobs == {}


@pytest.mark.parametrize("url", ["s3://bucket/raw", "/data/raw", "hf://org/../name"])
def test_a_source_of_the_catalogue_that_is_not_allowed_is_rejected_before_it_is_pinned(
    life: Life, url: str
) -> None:
    life.install(profile_object(sources={"allowed": ["s3://mirror/", "hf://org/"]}))
    of(life, pipeline(source(url=url)))
    life.create(scan_object())
    life.live(until=lambda: life.status().reason == "SourceNotAllowed")
    assert f"{NAME} reads" in life.condition("Accepted").message
    assert url in life.condition("Accepted").message
    assert jobs(life) == []


def test_a_run_may_read_an_allowed_source_instead_of_the_catalogues(life: Life) -> None:
    life.install(profile_object(sources={"allowed": ["s3://mirror/"]}))
    of(life, pipeline())
    life.create(scan_object(samples=3, sources=[RAW]))
    assert life.live().phase == "Succeeded"


def test_a_source_that_is_no_longer_allowed_stops_a_run_that_has_begun(scanning: Life) -> None:
    scanning.create(scan_object())
    scanning.live(until=lambda: scanning.store.objects.get(f"team/demo/{layout.PLAN}") is not None)
    scanning.install(profile_object(sources={"allowed": []}))
    scanning.live(until=lambda: scanning.status().reason == "SourceNotAllowed")
    scanning.install(profile_object(sources=ALLOWED))
    assert scanning.live().phase == "Succeeded"


@pytest.mark.parametrize(
    "selection",
    [
        {"sources": [RAW | {"place": "row"}], "samples": 1},
        {"sources": [RAW]},
        {"source": {"url": "s3://bucket/raw"}},
    ],
)
def test_what_does_not_fit_the_pipeline_is_rejected_before_its_sources_are_resolved(
    scanning: Life, selection: Json
) -> None:
    scanning.create(scan_object(**selection))
    scanning.live(until=lambda: scanning.status().reason == "InvalidSpec")
    assert jobs(scanning) == []


def test_a_lost_list_is_written_again_although_the_image_has_another_catalogue(
    scanning: Life,
) -> None:
    scanning.create(scan_object())
    scanning.live(until=lambda: bool(scanning.status().plan))
    store = run_store(scanning)
    of(scanning, pipeline(source(url="s3://bucket/new", digest=OTHER_DIGEST)))
    store.delete(layout.place_key(NAME, 0))
    scanning.live(until=lambda: ("team", resolve_job("uid-1", 1)) in scanning.cluster.jobs)
    assert scanning.live().phase == "Succeeded"
    assert store.head(layout.place_key(NAME, 0)) is not None


def test_deleted_pinned_sources_are_restored_from_the_plan(scanning: Life) -> None:
    scanning.create(scan_object())
    scanning.live(until=lambda: bool(scanning.status().plan))
    store = run_store(scanning)
    before = load_model(store, layout.SOURCES, PinnedSources)
    store.delete(layout.SOURCES)
    store.delete(layout.place_key(NAME, 0))
    assert scanning.live().phase == "Succeeded"
    after = load_model(store, layout.SOURCES, PinnedSources)
    assert after.places[NAME][0].source == before.places[NAME][0].source
