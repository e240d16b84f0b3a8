"""Data that was written after its commit marker is read once; other bytes are damage."""

from __future__ import annotations

import pytest

from support.builders import build_finished_run, make_plan
from support.memorystore import MemoryStore
from vrdata.dataset import layout
from vrdata.dataset.checks.damage import DataListing
from vrdata.dataset.checks.replaced import replaced
from vrdata.dataset.commits import iter_written
from vrdata.dataset.outputs import write_outputs
from vrdata.plan.planned import Plan, Shard


def damaged(store: MemoryStore, plan: Plan) -> dict[Shard, str]:
    listing = DataListing(store, plan)
    listing.read()
    found = replaced(store, listing, dict(iter_written(store)))
    return {one.shard: one.what for one in found}


@pytest.fixture
def copied() -> tuple[MemoryStore, Plan]:
    """A finished run that a program has copied in the order of its keys."""
    plan = make_plan({"O-1_maze": 10, "G-2_ball": 6}, shard_blocks=1)
    store = MemoryStore()
    build_finished_run(store, plan)
    for key in sorted(store.objects):
        store.objects[key] = store.objects.pop(key)
    return store, plan


def test_a_copied_dataset_is_read_once(copied: tuple[MemoryStore, Plan]) -> None:
    store, plan = copied
    write_outputs(store, plan, detect=False)
    reads = []
    for _ in range(2):
        store.requests.clear()
        assert damaged(store, plan) == {}
        reads.append(dict(store.requests))
    assert reads == [{"list": 2, "get": 1}] * 2


def test_what_changes_after_a_copy_was_read_is_read_again(copied: tuple[MemoryStore, Plan]) -> None:
    store, plan = copied
    assert damaged(store, plan) == {}
    key = layout.shard_tar_key("G-2_ball", 0)
    body = store.objects[key]
    store.objects[key] = body[:-1] + bytes([body[-1] ^ 1])
    for _ in range(2):
        assert list(damaged(store, plan)) == [Shard("G-2_ball", 0)]
    store.objects[key] = body
    assert damaged(store, plan) == {}


def test_damage_in_a_copy_is_found_each_time(copied: tuple[MemoryStore, Plan]) -> None:
    store, plan = copied
    key = layout.shard_tar_key("O-1_maze", 0)
    store.objects[key] = bytes(len(store.objects[key]))
    for _ in range(2):
        assert list(damaged(store, plan)) == [Shard("O-1_maze", 0)]


def test_two_archives_that_were_swapped_are_damage() -> None:
    plan = make_plan({"O-1_maze": 10}, shard_blocks=1)
    store = MemoryStore()
    build_finished_run(store, plan)
    one, other = (layout.shard_tar_key("O-1_maze", number) for number in (0, 1))
    longer = store.objects[one] + bytes(512)
    store.objects[one] = store.objects[other][:-512]
    store.objects[other] = longer
    assert len(damaged(store, plan)) == 2
