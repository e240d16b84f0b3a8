"""The items of blocks are staged one block ahead, and listed in items.json."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from support.memorystore import MemoryStore
from support.polling import wait_until
from support.sources.fake import (
    FakeSource,
    files_as_items,
    numbered,
    planned,
    store_list,
    table_parts,
)
from vrdata.contract.messages import StoreWait
from vrdata.contract.reasons import FailureReason
from vrdata.sources.port import Part, SourceUnavailableError
from vrdata_worker.failures import ShardFailedError
from vrdata_worker.staging.ahead import ShardItems, StagedSource

LIMIT = 2**20


class Bench:
    """A staged source of numbered files, or of the given parts."""

    def __init__(self, folder: Path, **plan: int) -> None:
        self.folder = folder
        self.plan = plan
        self.source = FakeSource(numbered(10))
        self.parts: Sequence[Part] | None = None
        self.told: list[StoreWait] = []
        self.staged: StagedSource | None = None

    def open(self) -> ShardItems:
        """The items of the only shard."""
        store = MemoryStore()
        parts = files_as_items(self.source.files) if self.parts is None else self.parts
        pinned = store_list(store, parts)
        generator = planned(pinned, **self.plan)
        self.staged = StagedSource(
            store,
            generator,
            pinned,
            self.folder,
            limit=LIMIT,
            tell=self.told.append,
            open_source=self.source.open,
        )
        return self.staged.of(generator.shard(0))

    def close(self) -> None:
        if self.staged is not None:
            self.staged.close()

    def entries(self, items: ShardItems, block: int) -> list[dict[str, Any]]:
        """items.json of a block, when it is staged."""
        wait_until(lambda: items.is_ready(block), "the items of the block", 20)
        folder = self.folder / f"block-{block}-{time.monotonic_ns()}"
        folder.mkdir()
        items.write(block, folder)
        found: list[dict[str, Any]] = json.loads((folder / "items.json").read_bytes())
        return found


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path, block_size=4)
    yield made
    made.close()


def read(entry: dict[str, Any]) -> list[bytes]:
    return [Path(path).read_bytes() for path in entry["files"].values()]


def test_each_position_has_its_item_and_the_last_block_has_fewer(bench: Bench) -> None:
    items = bench.open()
    found = [bench.entries(items, block) for block in range(3)]
    assert [items.size_of(block) for block in range(3)] == [4, 4, 2]
    assert [[entry["index"] for entry in block] for block in found] == [
        [0, 1, 2, 3],
        [4, 5, 6, 7],
        [8, 9],
    ]
    assert found[1][2]["key"] == "006.txt"
    assert found[1][2]["table"] is None
    assert list(found[1][2]["files"]) == ["006.txt"]
    assert read(found[1][2]) == [b"file 6"]


def test_rows_of_a_table_share_its_file_and_it_is_fetched_once(bench: Bench) -> None:
    bench.source.files, bench.parts = table_parts([5, 5])
    items = bench.open()
    found = [entry for block in range(3) for entry in bench.entries(items, block)]
    assert [entry["key"] for entry in found[3:6]] == [
        "table-0.jsonl#3",
        "table-0.jsonl#4",
        "table-1.jsonl#0",
    ]
    table = found[5]["table"]
    assert (table["format"], table["group"], table["row"]) == ("jsonl", None, 0)
    assert table["file"] == found[5]["files"]["table-1.jsonl"] == found[6]["table"]["file"]
    assert bench.source.fetched == [0, 5]


def test_the_next_block_is_staged_while_one_runs_and_no_later_one(bench: Bench) -> None:
    items = bench.open()
    bench.entries(items, 0)
    wait_until(lambda: len(bench.source.fetched) == 8, "the next block", 20)
    bench.entries(items, 1)
    wait_until(lambda: sorted(bench.source.fetched) == list(range(10)), "the last block", 20)


def test_items_that_the_shard_drops_are_not_staged(tmp_path: Path) -> None:
    bench = Bench(tmp_path, block_size=4, start=2)
    items = bench.open()
    first = bench.entries(items, 0)
    assert [entry["key"] for entry in first] == ["", "", "002.txt", "003.txt"]
    assert [entry["files"] for entry in first[:2]] == [{}, {}]
    assert items.size_of(0) == 4
    bench.close()
    assert not {0, 1} & set(bench.source.fetched)


def test_the_items_of_a_block_stay_for_further_processes_until_it_is_released(
    bench: Bench,
) -> None:
    items = bench.open()
    first = bench.entries(items, 0)
    bench.entries(items, 1)
    assert bench.entries(items, 0) == first
    items.release(0)
    assert len(bench.source.fetched) <= 10


def test_small_files_of_a_block_are_fetched_at_the_same_time(bench: Bench) -> None:
    together = threading.Barrier(4, timeout=20)
    bench.source.files = numbered(4)
    bench.source.before = lambda _: together.wait()  # type: ignore[assignment, return-value]
    bench.entries(bench.open(), 0)


def test_a_failure_is_raised_for_the_block_that_needs_the_part(bench: Bench) -> None:
    bench.source.files["006.txt"] = b"as listed"
    items = bench.open()
    bench.source.files["006.txt"] = b"has moved"
    bench.entries(items, 0)
    with pytest.raises(ShardFailedError, match=r"006\.txt") as caught:
        wait_until(lambda: items.is_ready(1), "a failure", 20)
    assert caught.value.failure.reason is FailureReason.SOURCE_CHANGED


def blocked(bench: Bench) -> tuple[ShardItems, Callable[[], bool]]:
    """A shard whose second block waits for a source that is away."""
    items = bench.open()
    error = SourceUnavailableError("503")
    error.retry_after = 300

    def refuse(part: Part) -> None:
        if part.first >= 4:
            bench.source.errors = [error]

    bench.source.before = refuse
    bench.entries(items, 0)
    return items, lambda: bool(bench.told)


def test_a_shard_that_has_ended_does_not_wait_for_its_source(bench: Bench) -> None:
    items, waits = blocked(bench)
    wait_until(waits, "a wait", 20)
    items.close()
    began = time.monotonic()
    bench.close()
    assert time.monotonic() - began < 1.5
    assert [path.name for path in bench.folder.iterdir() if path.name.startswith("i")] == []


def test_the_next_shard_uses_what_the_last_one_has_staged(bench: Bench) -> None:
    items = bench.open()
    assert bench.staged is not None
    bench.entries(items, 0)
    items.close()
    again = bench.staged.of(bench.staged.planned.shard(0))
    bench.entries(again, 0)
    assert sorted(bench.source.fetched)[:5] == [0, 1, 2, 3, 4]


def test_a_process_of_the_generator_cannot_choose_where_items_are_listed(bench: Bench) -> None:
    items = bench.open()
    wait_until(lambda: items.is_ready(0), "the items of the block", 20)
    folder, victim = bench.folder / "block", bench.folder / "victim"
    folder.mkdir()
    (folder / "items.json").symlink_to(victim)
    with pytest.raises(OSError, match="exist"):
        items.write(0, folder)
    (bench.folder / "link").symlink_to(folder)
    with pytest.raises(OSError, match="directory"):
        items.write(0, bench.folder / "link")
    assert not victim.exists()
