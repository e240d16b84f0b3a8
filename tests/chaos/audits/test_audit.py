"""The audit finds each kind of damage, although the commit markers may say something else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable

import pytest

from chaos.audits.audit import Undisturbed, audit, undisturbed
from support.builders import build_run, make_plan
from support.datasets import damage
from support.memorystore import MemoryStore
from vrdata.dataset import layout
from vrdata.dataset.outputs import write_outputs

PLAN = make_plan()


@pytest.fixture(scope="module")
def whole() -> dict[str, bytes]:
    """The objects of a finished run."""
    store = MemoryStore()
    build_run(store, PLAN)
    write_outputs(store, PLAN, detect=False)
    return store.objects


def filled(objects: dict[str, bytes]) -> MemoryStore:
    store = MemoryStore()
    for key, body in objects.items():
        store.objects[key] = body
    return store


@pytest.fixture
def store(whole: dict[str, bytes]) -> MemoryStore:
    return filled(whole)


@pytest.fixture(scope="module")
def calm(whole: dict[str, bytes]) -> Undisturbed:
    return undisturbed(filled(whole))


def kinds(store: MemoryStore, calm: Undisturbed) -> set[tuple[str, str]]:
    return {(found.kind, found.key) for found in audit(store, calm)}


def test_an_undisturbed_run_has_no_finding_and_its_own_hash(
    store: MemoryStore, calm: Undisturbed
) -> None:
    assert audit(store, calm) == []
    assert calm.dataset_hash == json.loads(store.objects[layout.DATASET])["datasetHash"]


def test_failure_records_waves_hints_and_reports_are_not_orphans(
    store: MemoryStore, calm: Undisturbed
) -> None:
    for key in (
        layout.failure_key(damage.NAME, 0, 3),
        layout.wave_key(7),
        layout.DATA_READ,
        layout.DATA_READ,
        f"{layout.REPORT}media/more.png",
    ):
        store.objects[key] = b"{}"
    assert audit(store, calm) == []


def lie(store: MemoryStore) -> None:
    """Replace a shard, and let its marker describe the new bytes."""
    damage.flip_in_a_member(store)
    digest = hashlib.sha256(store.objects[damage.TAR]).hexdigest()
    damage.change(store, lambda head, _records: head["archive"].update(sha256=digest))


def other_offsets(store: MemoryStore) -> None:
    """Change the place of a file in the records."""
    damage.change(store, lambda _head, records: records[0]["files"][0].update(offset=1))


def second_copy(store: MemoryStore) -> None:
    """Store a shard of the plan under a second name."""
    store.objects[f"{layout.SHARDS}{damage.NAME}/copy.tar"] = store.objects[damage.TAR]


def other_bytes(store: MemoryStore) -> None:
    """Record that an attempt generated other bytes."""
    store.objects[layout.difference_key(damage.NAME, 0, 1)] = b"{}"


TAR, MARKER, ALL = damage.TAR, damage.MARKER, "(all data)"
INDEX = layout.index_key(damage.NAME)


@pytest.mark.parametrize(
    ("plant", "found"),
    [
        (damage.remove_data, {("missing", TAR), ("hash differs", ALL)}),
        (damage.remove_marker, {("missing", MARKER)}),
        (damage.remove_success, {("missing", layout.SUCCESS)}),
        (damage.remove_summary, {("missing", layout.DATASET)}),
        (damage.remove_the_index, {("missing", INDEX)}),
        (lambda store: store.objects.pop(layout.PLAN), {("missing", layout.PLAN)}),
        (damage.cut, {("torn", TAR), ("hash differs", ALL)}),
        (
            damage.flip_in_a_member,
            {("torn", TAR), ("hash differs", ALL), ("marker differs", MARKER)},
        ),
        (lie, {("torn", TAR), ("hash differs", ALL), ("marker differs", MARKER)}),
        (damage.break_the_marker, {("torn", MARKER)}),
        (damage.break_the_index, {("torn", INDEX)}),
        (other_offsets, {("marker differs", MARKER)}),
        (damage.drop_a_sample_from_the_marker, {("marker differs", MARKER)}),
        (damage.marker_of_another_plan, {("marker differs", MARKER)}),
        (damage.wrong_success, {("output differs", layout.SUCCESS)}),
        (other_bytes, {("doubled", layout.difference_key(damage.NAME, 0, 1))}),
        (second_copy, {("orphaned", f"{layout.SHARDS}{damage.NAME}/copy.tar")}),
        (damage.add_a_shard, {("orphaned", layout.shard_tar_key(damage.NAME, 77))}),
        (damage.add_a_marker, {("orphaned", layout.commit_key(damage.NAME, 77))}),
    ],
)
def test_the_audit_finds_planted_damage(
    store: MemoryStore,
    calm: Undisturbed,
    plant: Callable[[MemoryStore], object],
    found: set[tuple[str, str]],
) -> None:
    plant(store)
    assert kinds(store, calm) == found


def test_samples_of_another_shard_are_doubled(store: MemoryStore, calm: Undisturbed) -> None:
    damage.swap_shards(store)
    assert ("doubled", TAR) in kinds(store, calm)
    assert ("missing", TAR) in kinds(store, calm)


def test_a_sample_twice_in_an_archive_is_doubled(store: MemoryStore, calm: Undisturbed) -> None:
    body = store.objects[TAR]
    store.objects[TAR] = body.rstrip(b"\0") + bytes(-len(body.rstrip(b"\0")) % 512) + body
    assert ("doubled", TAR) in kinds(store, calm)
