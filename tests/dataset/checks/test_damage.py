"""Missing and truncated data objects are found by listings; nothing else is called damaged."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, combinations

import pytest

from support.builders import build_finished_run, build_run, make_plan, put_object
from support.memorystore import MemoryStore
from vrdata.dataset import layout
from vrdata.dataset.checks.damage import DamagedShard, DataListing
from vrdata.dataset.commits import iter_commits, iter_written
from vrdata.dataset.finish.summary import known_bytes
from vrdata.model import OutputFormat
from vrdata.plan.planned import Plan, Shard

FORMATS: tuple[OutputFormat, ...] = ("webdataset", "tar", "files", "parquet")


def plan_in(output_format: OutputFormat) -> Plan:
    return make_plan({"O-1_maze": 10, "G-2_ball": 6}, output_format=output_format)


def damaged_shards(store: MemoryStore, plan: Plan, committed: set[Shard]) -> Iterator[DamagedShard]:
    listing = DataListing(store, plan)
    assert listing.read()
    return listing.damaged(committed, known_bytes(store))


def found(store: MemoryStore, plan: Plan) -> dict[Shard, str]:
    damaged = damaged_shards(store, plan, set(iter_commits(store)))
    return {one.shard: one.what for one in damaged}


def data_of(store: MemoryStore, generator: str) -> list[str]:
    return sorted(key for key in store.objects if key.startswith(layout.DATA) and generator in key)


@pytest.mark.parametrize("output_format", FORMATS)
def test_an_intact_run_has_no_damage(output_format: OutputFormat) -> None:
    store, plan = MemoryStore(), plan_in(output_format)
    build_finished_run(store, plan)
    assert found(store, plan) == {}


@pytest.mark.parametrize("output_format", FORMATS)
def test_an_intact_finished_run_costs_one_listing_and_no_commit_marker(
    output_format: OutputFormat,
) -> None:
    store, plan = MemoryStore(), plan_in(output_format)
    build_finished_run(store, plan)
    committed = set(iter_commits(store))
    store.requests.clear()
    assert list(damaged_shards(store, plan, committed)) == []
    assert store.requests == {"list": 1, "head": 1, "get": 1}  # dataset.json


@pytest.mark.parametrize("finished", [True, False])
@pytest.mark.parametrize("output_format", FORMATS)
def test_a_missing_object_damages_its_shard_alone(
    output_format: OutputFormat, finished: bool
) -> None:
    store, plan = MemoryStore(), plan_in(output_format)
    build_finished_run(store, plan)
    key = data_of(store, "O-1_maze")[-1]
    del store.objects[key]
    if not finished:
        del store.objects[layout.SUCCESS]
    last = plan.generator("O-1_maze").shards - 1
    assert found(store, plan) == {Shard("O-1_maze", last): f"{key} is missing"}


@pytest.mark.parametrize("output_format", FORMATS)
def test_a_truncated_object_damages_its_shard_alone(output_format: OutputFormat) -> None:
    store, plan = MemoryStore(), plan_in(output_format)
    build_finished_run(store, plan)
    key = data_of(store, "G-2_ball")[0]
    size = len(store.objects[key])
    store.objects[key] = store.objects[key][:-1]
    assert found(store, plan) == {
        Shard("G-2_ball", 0): f"{key} has {size - 1} bytes instead of {size}"
    }


def test_each_damaged_shard_is_found_in_plan_order() -> None:
    store, plan = MemoryStore(), make_plan({"O-1_maze": 10})
    build_finished_run(store, plan)
    keys = data_of(store, "O-1_maze")
    for lost in chain.from_iterable(combinations(range(3), count) for count in (1, 2, 3)):
        bodies = {keys[number]: store.objects.pop(keys[number]) for number in lost}
        assert [shard.number for shard in found(store, plan)] == list(lost)
        store.objects.update(bodies)


def test_a_file_that_no_shard_has_is_no_damage() -> None:
    store, plan = MemoryStore(), plan_in("files")
    build_finished_run(store, plan)
    folder = data_of(store, "O-1_maze")[0].rpartition("/")[0]
    put_object(store, f"{folder}/notes.txt", b"mine")
    assert found(store, plan) == {}


def test_a_shard_without_a_commit_marker_is_missing_and_not_damaged() -> None:
    store, plan = MemoryStore(), plan_in("webdataset")
    build_run(store, plan)
    del store.objects[layout.commit_key("O-1_maze", 0)]
    del store.objects[layout.shard_tar_key("O-1_maze", 0)]
    assert found(store, plan) == {}


def replaced(store: MemoryStore, plan: Plan) -> dict[Shard, str]:
    listing = DataListing(store, plan)
    listing.read()
    return {one.shard: one.what for one in listing.replaced(dict(iter_written(store)))}


@pytest.mark.parametrize("output_format", FORMATS)
def test_an_object_written_after_its_marker_is_read_and_other_bytes_are_damage(
    output_format: OutputFormat,
) -> None:
    store, plan = MemoryStore(), plan_in(output_format)
    build_finished_run(store, plan)
    key = data_of(store, "G-2_ball")[0]
    body = store.objects[key]
    store.objects[key] = body[:-1] + bytes([body[-1] ^ 1])
    shard = Shard("G-2_ball", 0)
    assert found(store, plan) == {}
    assert replaced(store, plan) == {shard: f"{key} has other bytes than its commit marker records"}
    store.objects[key] = body  # restored
    assert replaced(store, plan) == {}


@pytest.mark.parametrize("output_format", FORMATS)
def test_no_data_object_of_an_undisturbed_run_is_read(output_format: OutputFormat) -> None:
    store, plan = MemoryStore(), plan_in(output_format)
    build_finished_run(store, plan)
    store.requests.clear()
    assert replaced(store, plan) == {}
    assert store.requests == {"list": 2}
