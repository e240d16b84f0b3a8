"""Lost data of a finished run: found by a comparison, generated again, finalised again."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from support.lives import Life, run_object
from support.operator.fakeworkers import Try
from support.operator.repairs import (
    INDEX,
    MARKER,
    TAR,
    annotate,
    data,
    finished,
    is_served,
    repaired,
    tried,
)
from vrdata.plan.planned import Shard
from vrdata_operator.state.names import final_job

Damage = Callable[[dict[str, bytes]], None]


def delete(key: str) -> Damage:
    return lambda objects: objects.pop(key) and None


def truncate(objects: dict[str, bytes]) -> None:
    objects[TAR] = objects[TAR][:50]


DAMAGES = [
    pytest.param(delete(TAR), Shard("O-maze", 1), id="deleted-tar"),
    pytest.param(truncate, Shard("O-maze", 1), id="truncated-tar"),
    pytest.param(delete(MARKER), Shard("G-ball", 0), id="deleted-marker"),
    pytest.param(delete(INDEX), None, id="deleted-index"),
]


@pytest.mark.parametrize(("damage", "shard"), DAMAGES)
def test_an_annotation_repairs_a_finished_run(
    life: Life, damage: Damage, shard: Shard | None
) -> None:
    before, objects = finished(life)
    damage(life.store.objects)
    annotate(life, "once")
    assert is_served(life)
    after = life.live(until=lambda: repaired(life, "once"))
    assert data(life) == objects
    assert tried(life) == ([shard] if shard else [])
    assert (after.dataset_hash, after.samples) == (before.dataset_hash, before.samples)
    assert after.shards == before.shards
    assert not is_served(life)


@pytest.mark.parametrize(("damage", "shard"), DAMAGES)
@pytest.mark.parametrize("restart", [False, True], ids=["", "restarted"])
def test_applying_the_file_again_repairs_a_finished_run(
    life: Life, damage: Damage, shard: Shard | None, restart: bool
) -> None:
    before, objects = finished(life)
    life.cluster.collect_garbage("team", "demo")
    damage(life.store.objects)
    if restart:
        life.restart()
    life.create(uid="uid-2")
    after = life.live()
    assert after.phase == "Succeeded"
    assert data(life) == objects
    assert tried(life) == ([shard] if shard else [])
    assert after.dataset_hash == before.dataset_hash


def test_a_value_is_handled_once_and_another_one_again(life: Life) -> None:
    finished(life)
    for value in ("first", "second"):
        life.store.objects.pop(TAR)
        annotate(life, value)
        life.live(until=lambda value=value: repaired(life, value))  # type: ignore[misc]
        assert TAR in life.store.objects
        life.store.objects.pop(TAR)
        assert not is_served(life)
        assert life.turn().done
        life.store.objects[TAR] = bytes(100)
    assert tried(life) == [Shard("O-maze", 1)] * 2
    life.no_duplicates()


def test_a_repair_with_other_bytes_is_reported_and_not_tried_again(life: Life) -> None:
    finished(life)
    life.store.objects.pop(TAR)
    life.workers.script = lambda _tried: "NotDeterministic"
    annotate(life, "once")
    status = life.live(until=lambda: repaired(life, "once"))
    assert status.phase == "Failed"
    assert [group.reason for group in status.failures] == ["NotDeterministic"]
    assert status.shards.failed == 1
    assert len(tried(life)) == 1


def test_a_repair_that_fails_once_is_tried_again(life: Life) -> None:
    finished(life)
    life.store.objects.pop(TAR)
    first: list[Try] = []

    def script(tried: Try) -> str:
        first.append(tried)
        return "GeneratorFailed" if len(first) == 1 else ""

    life.workers.script = script
    annotate(life, "once")
    assert life.live(until=lambda: repaired(life, "once")).phase == "Succeeded"
    assert tried(life) == [Shard("O-maze", 1)] * 2


def test_a_second_repair_tries_again_what_the_first_one_could_not_restore(life: Life) -> None:
    finished(life)
    life.store.objects.pop(TAR)
    life.workers.script = lambda _tried: "NotDeterministic"
    annotate(life, "first")
    assert life.live(until=lambda: repaired(life, "first")).phase == "Failed"
    life.workers.script = lambda _tried: ""
    annotate(life, "second")
    life.live(until=lambda: life.status().observed_repair == "second")
    life.restart()
    assert life.live(until=lambda: repaired(life, "second")).phase == "Succeeded"
    assert tried(life) == [Shard("O-maze", 1)] * 2
    assert TAR in life.store.objects


def test_a_second_repair_accepts_data_that_was_copied_back(life: Life) -> None:
    finished(life)
    data = life.store.objects.pop(TAR)
    life.workers.script = lambda _tried: "NotDeterministic"
    annotate(life, "first")
    assert life.live(until=lambda: repaired(life, "first")).phase == "Failed"
    life.store.objects[TAR] = data
    annotate(life, "second")
    assert life.live(until=lambda: repaired(life, "second")).phase == "Succeeded"
    assert len(tried(life)) == 1


def test_a_deleted_marker_is_restored_as_often_as_it_is_asked_for(life: Life) -> None:
    life.create(run_object(failurePolicy={"retries": 0}))
    life.live()
    before = data(life)
    for value in ("first", "second"):
        life.store.objects.pop(MARKER)
        annotate(life, value)
        status = life.live(until=lambda value=value: repaired(life, value))  # type: ignore[misc]
        assert (status.phase, status.samples.succeeded) == ("Succeeded", 60)
        assert data(life) == before
    life.no_duplicates()


def test_a_failed_run_gets_new_attempts(life: Life) -> None:
    life.workers.script = lambda tried: "GeneratorFailed" if tried.shard == ("G-ball", 0) else ""
    life.create()
    assert life.live().phase == "Failed"
    life.workers.tries.clear()
    life.workers.script = lambda _tried: ""
    annotate(life, "once")
    assert life.live(until=lambda: repaired(life, "once")).phase == "Succeeded"
    assert tried(life) == [Shard("G-ball", 0)]


def test_a_repair_does_not_end_at_the_deadline_of_the_first_pass(life: Life) -> None:
    life.create(run_object(activeDeadlineSeconds=600))
    life.live()
    life.now += 10_000
    life.store.objects.pop(TAR)
    annotate(life, "once")
    assert life.live(until=lambda: repaired(life, "once")).phase == "Succeeded"


def test_a_repair_does_not_count_samples_twice(life: Life) -> None:
    finished(life)
    name, labels = "vrdata_samples_total", {"generator_class": "O", "outcome": "succeeded"}
    before = life.metrics.registry.get_sample_value(name, labels)
    annotate(life, "once")
    life.live(until=lambda: repaired(life, "once"))
    assert life.metrics.registry.get_sample_value(name, labels) == before


def test_each_repair_has_its_own_final_job(life: Life) -> None:
    finished(life)
    annotate(life, "once")
    life.live(until=lambda: repaired(life, "once"))
    finals = {name for where, name in life.cluster.jobs if where == "team" and "final" in name}
    assert finals == {final_job("uid-1"), final_job("uid-1", "once")}


def test_the_index_is_deleted_before_a_lost_marker_is_written_again(life: Life) -> None:
    finished(life)
    life.store.objects.pop(MARKER)
    index = INDEX.replace("O-maze", "G-ball")
    assert index in life.store.objects
    annotate(life, "once")
    life.live(until=lambda: any(key.endswith("waves/0002.json") for key in life.store.objects))
    assert index not in life.store.objects
    assert INDEX in life.store.objects
