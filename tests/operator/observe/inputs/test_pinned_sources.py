"""Runs with converters: which sources are allowed, and the Job that pins them before the plan."""

from __future__ import annotations

import json

import pytest

from support.lives import Json, Life, profile_object, run_object
from support.objects import put
from support.operator.fakepods import pod_object, task_of
from support.plans.imports import (
    ALLOWED,
    CONVERTER,
    JOB,
    URL,
    import_object,
    jobs,
    resolving,
    run_store,
)
from vrdata.dataset import layout
from vrdata.dataset.reader import load_model
from vrdata.plan.planned import Plan
from vrdata.plan.sources import PinnedSources
from vrdata_operator.state.names import resolve_job


def test_all_items_of_the_source_become_samples(importing: Life) -> None:
    importing.create(import_object())
    status = importing.live()
    assert status.phase == "Succeeded"
    assert status.samples.desired == status.samples.succeeded == 40
    (planned,) = load_model(run_store(importing), layout.PLAN, Plan).generators
    assert planned.source is not None
    assert (planned.samples, planned.source.revision) == (40, "c" * 40)
    assert importing.cluster.made["team", JOB] == 1
    assert importing.reason("Accepted") == ("True", "Planned")


def test_a_run_says_that_its_sources_are_resolved(importing: Life) -> None:
    importing.create(import_object())
    importing.live(until=lambda: resolving(importing))
    turn = importing.turn()
    assert importing.reason("Accepted") == ("Unknown", "ResolvingSources")
    assert importing.reason("Progressing") == ("False", "ResolvingSources")
    assert importing.reason("Stalled") == ("False", "ResolvingSources")
    assert turn.after <= 2
    assert jobs(importing) == [JOB]
    assert "Rejected" not in importing.events()


def test_the_job_that_resolves_them_knows_how_many_items_a_block_has(importing: Life) -> None:
    importing.create(import_object())
    importing.live(until=lambda: resolving(importing))
    resolve = task_of(importing.cluster.jobs["team", JOB]).resolve
    assert resolve is not None
    assert resolve.room > 0
    importing.live()
    (planned,) = load_model(run_store(importing), layout.PLAN, Plan).generators
    assert [one.block_size for one in resolve.spec.generators] == [planned.block_size]


@pytest.mark.parametrize(
    ("allowed", "url", "words"),
    [
        ([], URL, "allows: none"),
        (["hf://org/na"], URL, "allows: hf://org/na"),
        (["s3://org/name"], URL, "allows: s3://org/name"),
        (["hf://"], "hf://org/../name", "%, ?, # or .."),
        (["hf://", "s3://"], "/etc/passwd", "Copy the data to a bucket"),
        (["hf://", "s3://"], "file:///etc/passwd", "Copy the data to a bucket"),
        (["hf://", "s3://"], "HF://org/name", "Copy the data to a bucket"),
    ],
)
def test_a_source_that_is_not_allowed_is_rejected_before_any_job(
    life: Life, allowed: list[str], url: str, words: str
) -> None:
    life.install(profile_object(sources={"allowed": allowed}))
    life.create(import_object(generators=[CONVERTER | {"source": {"url": url}}]))
    life.turn()
    found = life.condition("Accepted")
    assert (found.status, found.reason) == ("False", "SourceNotAllowed")
    assert "mazes" in found.message
    assert words in found.message
    assert life.cluster.jobs == {}
    assert life.store.objects == {}
    assert life.events() == ["Rejected"]


def test_a_run_starts_when_its_source_becomes_allowed(life: Life) -> None:
    life.create(import_object())
    life.turn()
    assert life.status().reason == "SourceNotAllowed"
    assert "sources.allowed" in life.condition("Accepted").message
    life.install(profile_object(sources=ALLOWED))
    assert life.live().phase == "Succeeded"


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ({"generators": [CONVERTER | {"converter": "M-none"}]}, "UnknownGenerator"),
        ({"generators": [{"name": "O-maze", "source": {"url": URL}, "samples": 1}]}, "InvalidSpec"),
        ({"generators": [CONVERTER | {"samples": 5_000_000}]}, "TooManySamples"),
    ],
)
def test_what_the_catalogue_refuses_is_rejected_before_the_sources_are_resolved(
    importing: Life, spec: Json, reason: str
) -> None:
    importing.install(profile_object(sources=ALLOWED, limits={"maxSamples": 100}))
    importing.create(import_object(**spec))
    importing.live(until=lambda: importing.status().reason == reason)
    assert jobs(importing) == []


@pytest.mark.parametrize(
    ("items", "spec", "reason"),
    [
        (101, {}, "TooManySamples"),
        (10, {"generators": [CONVERTER | {"samples": 20}]}, "InvalidSpec"),
        (0, {}, "InvalidSpec"),
    ],
)
def test_a_run_is_compared_with_the_items_that_its_sources_have(
    importing: Life, items: int, spec: Json, reason: str
) -> None:
    importing.install(profile_object(sources=ALLOWED, limits={"maxSamples": 100}))
    importing.workers.items = items
    importing.create(import_object(**spec))
    importing.live(until=lambda: importing.status().reason == reason)
    assert jobs(importing) == [JOB]


def test_why_the_pod_does_not_start_is_shown(importing: Life) -> None:
    importing.create(import_object())
    importing.live(until=lambda: resolving(importing))
    job = importing.job(JOB)
    pod = pod_object(job, f"{JOB}-x", None, {})
    waiting = {"reason": "CreateContainerConfigError", "message": 'secret "hub" not found'}
    pod["status"]["containerStatuses"] = [{"state": {"waiting": waiting}}]
    importing.cluster.pods.append(pod)
    importing.turn()
    found = importing.condition("Accepted")
    assert (found.status, found.reason) == ("False", "MissingSecret")
    assert f'Job {JOB} cannot start: secret "hub" not found' in found.message


def test_a_job_in_a_queue_waits_for_it(importing: Life) -> None:
    importing.install(profile_object(sources=ALLOWED, allowedQueues=["gpu"]))
    importing.create(import_object(queueName="gpu"))
    importing.live(until=lambda: resolving(importing))
    importing.job(JOB)["spec"]["suspend"] = True
    importing.turn()
    assert importing.reason("Accepted") == ("Unknown", "WaitingInQueue")
    importing.job(JOB)["spec"]["suspend"] = False
    assert importing.live().phase == "Succeeded"


def test_a_job_of_another_owner_is_named_and_not_changed(importing: Life) -> None:
    importing.create(import_object())
    importing.live(until=lambda: resolving(importing))
    importing.job(JOB)["metadata"]["ownerReferences"][0]["uid"] = "somebody"
    before = json.dumps(importing.job(JOB), sort_keys=True)
    importing.turn()
    assert importing.reason("Accepted") == ("False", "JobNameConflict")
    assert json.dumps(importing.job(JOB), sort_keys=True) == before


def test_the_sources_of_another_run_are_a_conflict(importing: Life) -> None:
    put(run_store(importing), layout.SOURCES, PinnedSources().to_json())
    importing.create(import_object())
    importing.live()
    assert importing.reason("Succeeded") == ("False", "OutputConflict")
    assert jobs(importing) == []


def test_an_output_inside_another_runs_output_is_a_conflict_before_any_job(
    importing: Life,
) -> None:
    importing.create(run_object("outer", generators=[{"name": "O-maze", "samples": 10}]))
    importing.live(name="outer")
    output = {"prefix": "outer"}
    importing.create(import_object(output=output), uid="uid-2")
    importing.live()
    assert importing.reason("Succeeded") == ("False", "OutputConflict")
    assert not any(resolve_job("uid-2") == name for name in jobs(importing))


def test_damaged_pinned_sources_are_pinned_again_before_the_run_begins(importing: Life) -> None:
    put(run_store(importing), layout.SOURCES, b"{")
    importing.create(import_object())
    assert importing.live().phase == "Succeeded"
    assert load_model(run_store(importing), layout.SOURCES, PinnedSources).sources


def test_sources_that_are_too_large_for_the_task_of_a_pod_are_rejected(importing: Life) -> None:
    many = [
        CONVERTER | {"name": f"set-{at}", "source": {"url": f"hf://org/{'n' * 900}-{at}"}}
        for at in range(200)
    ]
    importing.create(import_object(generators=many))
    importing.live(until=lambda: importing.status().reason == "InvalidSpec")
    assert "Divide them between runs" in importing.condition("Accepted").message
    assert jobs(importing) == []
