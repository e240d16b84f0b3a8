"""Runs that have begun: their tokens, and the lists of items that workers read."""

from __future__ import annotations

import pytest

from support.lives import SECOND, Life, run_object
from support.objects import put
from support.operator.fakepods import task_of
from support.plans.imports import CONVERTER, JOB, NEXT, import_object, jobs, run_store
from vrdata.dataset import layout
from vrdata.plan.planned import Shard
from vrdata.store.port import ObjectStore
from vrdata_operator.state.names import final_job, resolve_job, wave_job


def test_only_pods_that_read_sources_get_the_token(importing: Life) -> None:
    importing.create(import_object(generators=[CONVERTER, {"name": "O-maze", "samples": 10}]))
    importing.live()
    reference = {"name": "HF_TOKEN", "valueFrom": {"secretKeyRef": {"name": "hub", "key": "key"}}}
    with_token = set()
    for (where, name), job in importing.cluster.jobs.items():
        (container,) = job["spec"]["template"]["spec"]["containers"]
        found = [one for one in container["env"] if one["name"] == "HF_TOKEN"]
        with_token |= {(where, name)} if found == [reference] else set()
        assert "hub" not in task_of(job).to_json().decode()
    classes = {wave_job("uid-1", 0), SECOND} & set(jobs(importing))
    converters = {
        name
        for name in classes
        if importing.job(name)["metadata"]["labels"]["vrdata.dev/class"] == "M"
    }
    assert with_token == {("team", name) for name in {JOB, *converters}}
    assert len(classes) == 2
    assert len(converters) == 1
    assert ("team", final_job("uid-1")) in importing.cluster.jobs


def test_invalid_items_within_the_budget_are_dropped_without_a_retry(importing: Life) -> None:
    importing.workers.left_out = {Shard("mazes", 0): 2}
    importing.create(import_object(failurePolicy={"maxFailedSamples": 7}))
    status = importing.live()
    shard = task_of(importing.job(wave_job("uid-1", 0))).shard
    assert shard is not None
    assert shard.config.max_failed_items == 7
    assert {one.attempt for one in importing.workers.tries} == {0}
    assert importing.reason("Succeeded") == ("True", "WithinFailureBudget")
    assert (status.samples.succeeded, status.samples.failed) == (38, 2)
    assert "Dropped" in importing.events()
    assert "Retrying" not in importing.events()


def test_a_run_without_converters_has_no_budget_of_items(life: Life) -> None:
    life.create(run_object(failurePolicy={"maxFailedSamples": 7}))
    life.live(until=lambda: life.status().phase == "Running")
    task = task_of(life.job(wave_job("uid-1", 0)))
    assert "maxFailedItems" not in task.to_json().decode()  # older workers do not know it


def begun(life: Life) -> ObjectStore:
    """A run with a plan and no committed shard."""
    life.create(import_object())
    life.live(until=lambda: life.status().phase == "Running")
    return run_store(life)


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("body", [None, b"{"])
def test_missing_lists_of_items_are_restored_for_the_pinned_sources(
    importing: Life, restarted: bool, body: bytes | None
) -> None:
    store = begun(importing)
    pinned = store.get(layout.SOURCES)
    for key in (layout.SOURCES, layout.items_key("mazes")):
        store.delete(key)
    if body is not None:
        put(store, layout.SOURCES, body)
    if restarted:
        importing.restart()
    importing.turn()
    assert store.get(layout.SOURCES) == pinned  # from the plan, before the Job reads it
    assert importing.reason("Progressing") == ("False", "ResolvingSources")
    assert importing.reason("Stalled") == ("False", "ResolvingSources")
    assert importing.reason("Accepted") == ("True", "Planned")
    assert ("team", NEXT) in importing.cluster.jobs
    assert importing.live().phase == "Succeeded"
    assert store.head(layout.items_key("mazes")) is not None


def test_a_source_that_changed_since_the_run_began_is_named(importing: Life) -> None:
    store = begun(importing)
    store.delete(layout.items_key("mazes"))
    message = "hf://org/name has changed since the run began\n  fix: restore the source"
    importing.workers.source_script = lambda _job: ("SourceChanged", message)
    importing.turn()
    importing.workers.cluster.jobs["team", wave_job("uid-1", 0)]["spec"]["suspend"] = True
    for _ in range(5):
        importing.workers.work()
        importing.turn()
    assert importing.reason("Stalled") == ("True", "SourceChanged")
    assert "has changed since the run began" in importing.condition("Stalled").message
    assert importing.cluster.made["team", NEXT] == 1
    assert ("team", resolve_job("uid-1", 2)) not in importing.cluster.jobs


def test_a_finished_run_needs_no_lists_of_items(importing: Life) -> None:
    importing.create(import_object())
    importing.live()
    run_store(importing).delete(layout.items_key("mazes"))
    importing.cluster.runs["team", "demo"]["metadata"]["annotations"] = {"vrdata.dev/repair": "1"}
    repaired = importing.live(
        until=lambda: importing.status().finished and importing.status().observed_repair == "1"
    )
    assert repaired.phase == "Succeeded"
    assert ("team", NEXT) not in importing.cluster.jobs
