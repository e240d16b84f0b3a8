"""All files of a pipeline's sources are staged before its first block, or the shard fails."""

from __future__ import annotations

import json
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.polling import wait_until
from support.sources.fake import FakeSource, files_as_items
from support.sources.places import FILES, PIPELINE, Bench, begin, store_place
from vrdata.contract.messages import StoreWait, WorkerNotice
from vrdata.contract.reasons import FailureReason
from vrdata.dataset import layout
from vrdata.sources.port import SourceUnavailableError
from vrdata_worker.failures import ShardFailedError
from vrdata_worker.staging.whole.places import ShardPlaces


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path / "shared", tmp_path)
    yield made
    made.close()


def listed(shard: ShardPlaces, folder: Path) -> list[dict[str, Any]]:
    """sources.json of a block, when the sources are staged."""
    wait_until(lambda: shard.is_ready(0), "the sources", 20)
    folder.mkdir()
    shard.write(0, folder)
    found: list[dict[str, Any]] = json.loads((folder / "sources.json").read_bytes())
    return found


def failure(shard: ShardPlaces) -> ShardFailedError:
    with pytest.raises(ShardFailedError) as caught:
        wait_until(lambda: shard.is_ready(0), "a failure", 20)
    return caught.value


def files_of(folder: str) -> dict[str, bytes]:
    base = Path(folder)
    return {
        str(one.relative_to(base)): one.read_bytes() for one in base.rglob("*") if one.is_file()
    }


def test_a_block_finds_all_files_of_each_place(bench: Bench, tmp_path: Path) -> None:
    parts = files_as_items(FILES)
    raw = store_place(bench.store, 0, "raw", parts, serves=("s3://bucket/raw/",))
    labels = store_place(bench.store, 1, "/data/labels", parts[:1])
    staged = bench.stages(raw, labels)
    first, second = listed(begin(staged), tmp_path / "block")
    assert (first["place"], first["serves"]) == ("raw", ["s3://bucket/raw/"])
    assert (first["files"], first["socket"]) == (None, "")
    assert files_of(first["folder"]) == FILES
    assert second["place"] == "/data/labels"
    assert files_of(second["folder"]) == {"labels.csv": FILES["labels.csv"]}
    assert all(Path(one["folder"]).is_relative_to(staged.folder) for one in (first, second))


def test_staged_files_and_folders_are_read_only(bench: Bench, tmp_path: Path) -> None:
    (entry,) = listed(begin(bench.worker()), tmp_path / "block")
    base = Path(entry["folder"])
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (base, *base.rglob("*"))}
    assert modes == {0o444, 0o555}


def test_many_files_are_fetched_at_the_same_time(bench: Bench, tmp_path: Path) -> None:
    bench.source = FakeSource({f"{number:03d}": b"x" for number in range(200)})
    together = threading.Barrier(4, timeout=20)
    bench.source.before = lambda part: together.wait() if part.first < 4 else None  # type: ignore[assignment, return-value]
    (entry,) = listed(begin(bench.worker()), tmp_path / "block")
    assert files_of(entry["folder"]) == bench.source.files


def test_the_next_shard_fetches_nothing(bench: Bench, tmp_path: Path) -> None:
    staged = bench.worker()
    first = begin(staged)
    entry = listed(first, tmp_path / "1")
    first.close()
    fetched = list(bench.source.fetched)
    assert listed(begin(staged), tmp_path / "2") == entry
    assert bench.source.fetched == fetched
    notices = [one.message for one in bench.told if isinstance(one, WorkerNotice)]
    assert len(notices) == 1
    assert notices[0].startswith("M-scans: staged raw: 3 files, 22 B in ")


def test_a_file_that_has_changed_ends_the_shard_and_leaves_nothing(bench: Bench) -> None:
    staged = bench.worker()
    bench.source.files["images/a.png"] = b"picture c"
    error = failure(begin(staged))
    assert error.failure.reason is FailureReason.SOURCE_CHANGED
    assert "images/a.png" in error.failure.message
    assert files_of(str(bench.shared / "trees")) == files_of(str(bench.shared / "new")) == {}


def test_a_source_that_does_not_answer_is_waited_for(bench: Bench, tmp_path: Path) -> None:
    error = SourceUnavailableError("503", why="overloaded")
    error.retry_after = 3
    bench.source.errors = [error]
    listed(begin(bench.worker()), tmp_path / "block")
    begun, ended = [one for one in bench.told if isinstance(one, StoreWait)]
    assert (begun.source, begun.why, ended.answered) == (PIPELINE, "overloaded", True)


@pytest.mark.parametrize("body", [None, b"", b"PAR1 damaged", "other"])
def test_a_list_that_is_not_the_planned_one_is_output_changed(
    bench: Bench, body: bytes | str | None
) -> None:
    staged = bench.worker()
    key = layout.place_key(PIPELINE, 0)
    if body == "other":
        store_place(bench.store, 0, "raw", files_as_items({"labels.csv": b"b,2\n"}))
    elif isinstance(body, bytes):
        bench.store.objects[key] = body
    else:
        del bench.store.objects[key]
    error = failure(begin(staged))
    assert error.failure.reason is FailureReason.OUTPUT_CHANGED
    assert key in error.failure.message
    assert bench.source.fetched == []


def test_sources_larger_than_the_scratch_space_are_refused_with_both_sizes(bench: Bench) -> None:
    bench.limit = 20
    error = failure(begin(bench.worker()))
    assert error.failure.reason is FailureReason.TOO_LARGE
    assert "need 12.0 KiB (raw 12.0 KiB), more than the 20 B of" in error.failure.message
    assert bench.source.fetched == []


def test_a_name_that_is_a_file_and_a_folder_is_named(bench: Bench) -> None:
    bench.source = FakeSource({"a": b"file", "a/b": b"in a folder"})
    error = failure(begin(bench.worker()))
    assert error.failure.reason is FailureReason.CONTRACT_MISMATCH
    assert "has a as a file and as a folder" in error.failure.message


def test_a_silent_source_does_not_hold_a_worker_that_ends(bench: Bench) -> None:
    silent, asked = threading.Event(), threading.Event()

    def wait(_: object) -> None:
        asked.set()
        silent.wait(30)

    bench.source.before = wait
    staged = bench.worker()
    shard = begin(staged)
    assert asked.wait(20)
    began = time.monotonic()
    shard.close()
    staged.close()
    assert time.monotonic() - began < 10
    silent.set()
    wait_until(lambda: not any((bench.shared / "new").iterdir()), "the end of the fetch", 20)
    assert files_of(str(bench.shared / "trees")) == {}


def test_a_process_of_the_pipeline_cannot_choose_where_sources_are_listed(
    bench: Bench, tmp_path: Path
) -> None:
    shard = begin(bench.worker())
    wait_until(lambda: shard.is_ready(0), "the sources", 20)
    folder, victim = tmp_path / "block", tmp_path / "victim"
    folder.mkdir()
    (folder / "sources.json").symlink_to(victim)
    with pytest.raises(OSError, match="exist"):
        shard.write(0, folder)
    (tmp_path / "link").symlink_to(folder)
    with pytest.raises(OSError, match="directory"):
        shard.write(0, tmp_path / "link")
    assert not victim.exists()
