"""Repairs that continue after a killed operator, an unavailable store, a slow or changed start."""

from __future__ import annotations

import pytest

from support.lives import Life, profile_object, run_object
from support.operator.repairs import (
    MARKER,
    TAR,
    annotate,
    data,
    finished,
    repaired,
    runs_counted,
    tried,
)
from vrdata.plan.planned import Shard
from vrdata.store.port import StorageError
from vrdata_operator.observe import jobs
from vrdata_operator.state.names import final_job


def test_an_operator_that_is_killed_at_any_write_repairs_once(life: Life) -> None:
    finished(life)
    for late in (False, True):
        for at in range(1, 8):
            life.workers.tries.clear()
            life.store.objects.pop(TAR)
            annotate(life, value := f"{at}-{late}")
            life.killer.writes.clear()
            life.killer.at, life.killer.late = at, late
            life.live(until=lambda value=value: repaired(life, value))  # type: ignore[misc]
            assert tried(life) == [Shard("O-maze", 1)], (at, late, life.status())
            assert TAR in life.store.objects


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("at", [1, 2])
def test_an_operator_that_is_killed_while_it_stores_waves_restores_everything(
    life: Life, at: int, late: bool
) -> None:
    _, objects = finished(life)
    life.cluster.collect_garbage("team", "demo")
    life.store.objects.pop(TAR)
    life.store.objects.pop(MARKER)
    life.restart()
    life.killer.writes.clear()
    life.killer.at, life.killer.late = at, late
    life.create(uid="uid-2")
    assert life.live().phase == "Succeeded"
    assert data(life) == objects


def test_a_repair_of_a_suspended_queued_run_survives_a_restart(life: Life) -> None:
    life.install(profile_object(allowedQueues=["gpu"]))
    life.create(run_object(queueName="gpu"))
    life.live()
    life.store.objects.pop(TAR)
    life.cluster.patch_spec("team", "demo", suspend=True)
    annotate(life, "once")
    life.live(until=lambda: life.status().observed_repair == "once")
    life.restart()
    life.cluster.patch_spec("team", "demo", suspend=False)
    assert life.live(until=lambda: repaired(life, "once")).phase == "Succeeded"
    assert TAR in life.store.objects


def test_a_repair_continues_when_its_first_turn_does_not_read_everything(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    finished(life)
    life.store.objects.pop(TAR)
    annotate(life, "once")
    monkeypatch.setattr(jobs, "SLICE_SECONDS", 0.0)
    assert not life.turn().done
    assert life.reason("Progressing") == ("True", "ReadingCommits")
    assert runs_counted(life) == 1
    assert life.live(until=lambda: repaired(life, "once")).phase == "Succeeded"
    assert TAR in life.store.objects
    assert runs_counted(life) == 2


def test_a_repair_continues_after_the_store_was_unavailable(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    finished(life)
    life.store.objects.pop(TAR)
    annotate(life, "once")

    def unavailable(_prefix: str, _after: str = "") -> None:
        raise StorageError("no answer")

    with monkeypatch.context() as patch:
        patch.setattr(life.store, "list_after", unavailable)
        assert not life.turn().done
    assert life.reason("Stalled") == ("True", "StorageUnavailable")
    assert life.live(until=lambda: repaired(life, "once")).phase == "Succeeded"
    assert TAR in life.store.objects


def test_a_repair_continues_when_its_annotation_is_removed(life: Life) -> None:
    finished(life)
    life.store.objects.pop(TAR)
    annotate(life, "once")
    life.live(until=lambda: life.status().phase == "Running")
    del life.cluster.runs["team", "demo"]["metadata"]["annotations"]
    assert life.live().phase == "Succeeded"
    assert TAR in life.store.objects
    assert ("team", final_job("uid-1", "once")) in life.cluster.jobs


def test_a_comparison_that_takes_several_turns_ignores_shards_committed_meanwhile(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "SLICE_SECONDS", 0.0)
    life.create()
    assert life.live(turns=400).phase == "Succeeded"
    assert len(tried(life)) == len(set(tried(life)))
