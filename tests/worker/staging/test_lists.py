"""The parts of a shard are read from the list that the run stores, and from no other one."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest

from support.memorystore import MemoryStore
from support.sources.fake import (
    NAME,
    files_as_items,
    numbered,
    store_list,
    table_parts,
)
from vrdata.contract.reasons import FailureReason
from vrdata.dataset import layout
from vrdata.plan.sources import PlannedSource
from vrdata.sources.parts import GROUP_PARTS, write_parts
from vrdata.store.port import StoreUnreachableError
from vrdata_worker.failures import ShardFailedError
from vrdata_worker.staging.lists import PartList

KEY = layout.items_key(NAME)


def opened(store: MemoryStore, source: PlannedSource, start: int, stop: int) -> PartList:
    return PartList(store, KEY, source, start, stop)


def test_blocks_get_the_parts_that_have_their_items() -> None:
    store = MemoryStore()
    _, parts = table_parts([5, 3, 4])
    listed = opened(store, store_list(store, parts), 2, 11)
    found = [[part.first for part in listed.of(*block)] for block in [(2, 4), (4, 8), (8, 11)]]
    assert found == [[0], [0, 5], [8]]


def test_a_long_list_is_read_by_ranges_around_the_items() -> None:
    store = MemoryStore()
    source = store_list(store, files_as_items(numbered(3 * GROUP_PARTS)))
    read: list[int] = []
    get_range = store.get_range
    store.get_range = lambda key, start, length: (  # type: ignore[method-assign]
        read.append(start) or get_range(key, start, length)
    )
    listed = opened(store, source, 2 * GROUP_PARTS + 4, 2 * GROUP_PARTS + 8)
    assert len(listed.of(2 * GROUP_PARTS + 4, 2 * GROUP_PARTS + 8)) == 4
    assert store.requests["get"] == 0
    assert min(read) > len(store.objects[KEY]) / 3, "the first of three groups was read"


def damage(store: MemoryStore) -> None:
    body = bytearray(store.objects[KEY])
    body[4:200] = bytes(196)
    store.objects[KEY] = bytes(body)


def of_another_source(store: MemoryStore) -> None:
    body = io.BytesIO()
    write_parts(files_as_items({"other.txt": b"other"}), body)
    store.objects[KEY] = body.getvalue()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda store: store.objects.pop(KEY), "it is missing"),
        (lambda store: store.objects.update({KEY: b"no parquet"}), "it is damaged"),
        (damage, "it is damaged"),
        (of_another_source, "its digest is sha256:"),
    ],
)
def test_another_list_than_the_planned_one_is_output_changed(
    change: Callable[[MemoryStore], object], why: str
) -> None:
    store = MemoryStore()
    source = store_list(store, files_as_items(numbered(8)))
    change(store)
    with pytest.raises(ShardFailedError, match=why) as caught:
        opened(store, source, 0, 8).of(0, 4)
    assert caught.value.failure.reason is FailureReason.OUTPUT_CHANGED
    assert KEY in caught.value.failure.message


def test_a_list_that_ends_early_is_output_changed() -> None:
    store = MemoryStore()
    source = store_list(store, files_as_items(numbered(8)))
    with pytest.raises(ShardFailedError, match="it ends before item 9"):
        opened(store, source, 0, 10).of(4, 10)


def test_a_store_that_does_not_answer_is_not_damage() -> None:
    store = MemoryStore()
    source = store_list(store, files_as_items(numbered(8)))

    def refuse(*_: object) -> bytes:
        raise StoreUnreachableError("no answer")

    store.get_range = refuse  # type: ignore[method-assign]
    with pytest.raises(StoreUnreachableError):
        opened(store, source, 0, 8).of(0, 4)
