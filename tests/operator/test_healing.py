"""Objects of a run disappear or are torn: they are made again, or the status names them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.lives import Life, run_object
from support.operator.repairs import INDEX, MARKER, PREFIX, TAR, annotate, repaired
from vrdata.dataset import layout

Objects = dict[str, bytes]
PLAN = PREFIX + layout.PLAN
WAVES = [PREFIX + layout.wave_key(number) for number in range(2)]
DATASET, SUCCESS = PREFIX + layout.DATASET, PREFIX + layout.SUCCESS
TAR_OF_MARKER = PREFIX + layout.shard_tar_key("G-ball", 0)
LOST = {
    "plan": [PLAN],
    "first-wave": [WAVES[0]],
    "last-wave": [WAVES[1]],
    "all-waves": WAVES,
    "marker": [MARKER],
    "data": [TAR],
    "marker-and-data": [MARKER, TAR_OF_MARKER],
    "index": [INDEX],
    "dataset": [DATASET],
    "success": [SUCCESS],
}
lost = pytest.mark.parametrize("keys", LOST.values(), ids=LOST)
restarted = pytest.mark.parametrize("restart", [False, True], ids=["", "restarted"])


def remove(life: Life, keys: list[str]) -> None:
    for key in keys:
        life.store.objects.pop(key, None)


@cache
def undisturbed() -> Objects:
    life = Life()
    life.create()
    life.live()
    return contents(life)


def contents(life: Life) -> Objects:
    """Objects that are the same after every way to the end: no waves, no facts of attempts."""
    own = (layout.WAVES, layout.FAILURES, layout.DAMAGED, layout.DATA_READ)
    return {
        key: b"" if layout.COMMITS in key else body
        for key, body in life.store.objects.items()
        if not any(one in key for one in own)
    }


def is_whole(life: Life) -> None:
    """Assert that the run succeeded, without a charge, and that nothing is missing."""
    status = life.status()
    assert life.reason("Succeeded") == ("True", "AllSamples"), life.condition("Succeeded")
    assert (status.samples.succeeded, status.shards.succeeded) == (60, 6)
    assert contents(life) == undisturbed()


def is_healed_without(life: Life, keys: list[str], *, restart: bool) -> None:
    """Assert that a run whose objects are removed now ends whole."""
    remove(life, keys)
    if restart:
        life.restart()
    life.live(turns=150)
    is_whole(life)


def half(life: Life) -> bool:
    return life.status().samples.succeeded >= 20 and MARKER in life.store.objects


@lost
@restarted
def test_what_disappears_while_shards_are_generated_is_restored(
    life: Life, keys: list[str], restart: bool
) -> None:
    life.create(run_object(failurePolicy={"retries": 0}))
    life.live(until=lambda: half(life))
    assert not life.status().finished
    is_healed_without(life, keys, restart=restart)


@lost
@restarted
def test_what_disappears_before_finalisation_begins_is_restored(
    life: Life, keys: list[str], restart: bool
) -> None:
    life.create(run_object(failurePolicy={"retries": 0}))
    life.live(until=lambda: life.status().phase == "Finalising")
    is_healed_without(life, keys, restart=restart)


@lost
@restarted
def test_what_disappears_after_finalisation_is_restored_before_the_run_succeeds(
    life: Life, keys: list[str], restart: bool
) -> None:
    life.create(run_object(failurePolicy={"retries": 0}))
    while SUCCESS not in life.store.objects:
        life.turn()
        life.workers.work()
    assert not life.status().finished
    is_healed_without(life, keys, restart=restart)


@lost
@restarted
def test_applying_the_file_again_restores_a_finished_run(
    life: Life, keys: list[str], restart: bool
) -> None:
    life.create()
    life.live()
    life.cluster.collect_garbage("team", "demo")
    remove(life, keys)
    if restart:
        life.restart()
    life.create(uid="uid-2")
    life.turn()
    assert life.status().phase != "Succeeded"
    life.live(turns=150)
    is_whole(life)


@lost
def test_the_annotation_restores_a_finished_run(life: Life, keys: list[str]) -> None:
    life.create()
    life.live()
    remove(life, keys)
    annotate(life, "once")
    life.live(until=lambda: repaired(life, "once"), turns=150)
    is_whole(life)


def tear(body: bytes) -> bytes:
    return body[: len(body) // 2]


def flip(body: bytes) -> bytes:
    return body[:-1] + bytes([body[-1] ^ 1])


@pytest.mark.parametrize("edit", [tear, flip])
@pytest.mark.parametrize("finished", [False, True], ids=["running", "finished"])
def test_torn_data_is_found_before_success_and_generated_again(
    life: Life, edit: Callable[[bytes], bytes], finished: bool
) -> None:
    life.create(run_object(failurePolicy={"retries": 0}))
    life.live(until=None if finished else lambda: half(life) and TAR in life.store.objects)
    life.store.objects[TAR] = edit(life.store.objects[TAR])
    if finished:
        annotate(life, "once")
        life.live(until=lambda: repaired(life, "once"), turns=150)
    else:
        life.live(turns=150)
    is_whole(life)


@pytest.mark.parametrize("key", [PLAN, *WAVES, DATASET, INDEX])
def test_a_torn_file_that_the_run_can_restore_is_restored(life: Life, key: str) -> None:
    life.create(run_object(failurePolicy={"retries": 0}))
    life.live(until=lambda: half(life))
    if key in life.store.objects:
        life.store.objects[key] = tear(life.store.objects[key])
    life.live(turns=150)
    is_whole(life)


@restarted
def test_a_torn_marker_is_named_until_it_is_deleted(life: Life, restart: bool) -> None:
    life.create()
    life.live(until=lambda: half(life))
    life.store.objects[MARKER] = life.store.objects[MARKER][:50]
    if restart:
        life.restart()
    life.live(until=lambda: life.status().reason == "DamagedObject", turns=100)
    found = life.condition("Stalled")
    assert found.status == "True"
    assert MARKER.removeprefix(PREFIX) in found.message
    assert "Delete the object" in found.message
    del life.store.objects[MARKER]
    life.live(turns=150)
    is_whole(life)


def test_a_finished_run_with_a_damaged_marker_does_not_stay_succeeded(life: Life) -> None:
    life.create()
    life.live()
    life.store.objects[MARKER] = life.store.objects[MARKER][:50]
    annotate(life, "once")
    life.live(until=lambda: life.status().reason == "DamagedObject")
    assert life.reason("Succeeded") == ("Unknown", "DamagedObject")
    assert life.status().phase == "Pending"
    del life.store.objects[MARKER]
    life.live(until=lambda: repaired(life, "once"), turns=150)
    is_whole(life)


def test_a_run_whose_data_keeps_disappearing_ends_and_names_the_shard(life: Life) -> None:
    life.create()
    for _ in range(400):
        life.turn()
        life.workers.work()
        if SUCCESS in life.store.objects:
            remove(life, [SUCCESS, TAR])
    assert life.reason("Succeeded") == ("False", "FinalisationFailed")
    message = life.condition("Succeeded").message
    assert "shard 1 of O-maze was deleted or changed 10 times" in message
    assert "vrdata.dev/repair" in message


def test_a_catalogue_that_was_deleted_is_listed_again(life: Life) -> None:
    life.create()
    life.live()
    for key in [key for key in life.store.objects if layout.CATALOGUES in key]:
        del life.store.objects[key]
    life.restart()
    life.create(run_object(name="next"), uid="uid-2")
    assert life.live(name="next").phase == "Succeeded"


@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_any_damage_at_any_time_is_healed_or_named(data: st.DataObject) -> None:
    """Success means the undisturbed objects; anything else names an object that was damaged."""
    life, expected = Life(), undisturbed()
    life.create(run_object(failurePolicy={"retries": 0}))
    kinds = st.sampled_from(["delete", "tear", "flip", "restart"])
    steps = data.draw(st.lists(st.tuples(st.integers(0, 9), kinds, st.integers(0, 30)), max_size=5))
    damaged: set[str] = set()
    for turns, kind, at in steps:
        for _ in range(turns):
            life.turn()
            life.workers.work()
        keys = sorted(key for key in life.store.objects if key.startswith(PREFIX))
        if kind == "restart" or not keys:
            life.restart()
            continue
        key = keys[at % len(keys)]
        damaged.add(key.removeprefix(PREFIX))
        if kind == "delete":
            del life.store.objects[key]
        else:
            edit = tear if kind == "tear" else flip
            life.store.objects[key] = edit(life.store.objects[key])
    annotate(life, "end")
    for _ in range(60):
        life.turn()
        life.workers.work()
        if repaired(life, "end"):
            break
    status = life.status()
    if repaired(life, "end") and status.phase == "Succeeded":
        assert contents(life) == expected
    else:
        text = " ".join(one.message for one in status.conditions)
        assert any(key in text for key in damaged), (status, damaged)
        assert status.phase != "Succeeded"
        assert life.condition("Succeeded").status != "True"
