"""Reading commit markers from a store: few requests, flat memory, damage named."""

from __future__ import annotations

import tracemalloc
from collections import deque

import pytest

from support.builders import build_run, make_plan, put_object
from support.markers import change_marker
from support.memorystore import MemoryStore
from vrdata.dataset import layout
from vrdata.dataset.codec import describe_records, encode_marker
from vrdata.dataset.commits import (
    CHUNK,
    RUN_AGAIN,
    DamagedMarkerError,
    iter_commits,
    iter_records,
    open_marker,
    read_head,
)
from vrdata.dataset.manifest import FailedSample, ShardManifest
from vrdata.errors import InvalidInputError
from vrdata.store.port import ObjectNotFoundError

KEY = layout.commit_key("O-1_maze", 0)


def large(store: MemoryStore, records: int) -> ShardManifest:
    """Commit a shard with many records of about a kilobyte."""
    (manifest,) = build_run(MemoryStore(), make_plan({"O-1_maze": 1}))
    lines = [
        FailedSample(index=at, reason="EmptyPrompt", traceback="x" * 1000).to_json()
        for at in range(records)
    ]
    manifest = manifest.model_copy(update={"records": describe_records(lines)})
    store.objects[KEY] = encode_marker(manifest, lines)
    return manifest


def test_commits_are_listed_with_one_request_and_other_keys_are_skipped(
    finished: MemoryStore,
) -> None:
    put_object(finished, layout.COMMITS + "notes.txt", b"x")
    finished.requests.clear()
    assert sorted(iter_commits(finished)) == [("G-2_rooms", 0), ("O-1_maze", 0), ("O-1_maze", 1)]
    assert finished.requests == {"list": 1}


def test_a_marker_of_another_shard_is_an_error(finished: MemoryStore) -> None:
    finished.objects[layout.commit_key("O-1_maze", 1)] = finished.objects[
        layout.commit_key("O-1_maze", 0)
    ]
    with pytest.raises(InvalidInputError, match="marker of another shard"):
        read_head(finished, "O-1_maze", 1)


def test_the_first_line_is_read_with_one_small_request() -> None:
    class RecordingStore(MemoryStore):
        ranges: list[tuple[int, int]] = []  # noqa: RUF012 - of the only instance

        def get_range(self, key: str, start: int, length: int) -> bytes:
            self.ranges.append((start, length))
            return super().get_range(key, start, length)

    store = RecordingStore()
    expected = large(store, 5000)
    assert read_head(store, "O-1_maze", 0) == expected
    assert store.ranges == [(0, 2048)]


def test_an_ordinary_marker_is_read_with_one_request() -> None:
    store = MemoryStore()
    expected = large(store, 300)
    store.requests.clear()
    marker = open_marker(store, "O-1_maze", 0)
    assert marker.manifest == expected
    assert [record.index for record in marker.records] == list(range(300))
    assert store.requests == {"get_range": 1}


@pytest.mark.parametrize("records", [2000, 5000])
def test_a_large_marker_is_read_in_chunks(records: int) -> None:
    store = MemoryStore()
    manifest = large(store, records)
    store.requests.clear()
    assert sum(1 for _ in iter_records(store, manifest)) == records
    assert store.requests == {"get_range": -(-len(store.objects[KEY]) // CHUNK)}


def test_memory_does_not_grow_with_the_marker() -> None:
    store = MemoryStore()
    peaks = []
    for records in (5000, 20_000):
        manifest = large(store, records)
        tracemalloc.start()
        deque(iter_records(store, manifest), maxlen=0)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert len(store.objects[KEY]) > 10 * CHUNK
    assert peaks[1] < 1.2 * peaks[0] < 10 * CHUNK


@pytest.mark.parametrize("records", [3, 3000])
@pytest.mark.parametrize("place", ["head", "end", "records"])
def test_a_truncated_marker_is_named_with_the_fix(records: int, place: str) -> None:
    store = MemoryStore()
    manifest = large(store, records)
    body = store.objects[KEY]
    length = {"head": 100, "end": len(body) - 1, "records": body.index(b"\n") + 1}[place]
    store.objects[KEY] = body[:length]
    with pytest.raises(DamagedMarkerError, match=r"000000\.json in memory.* is damaged") as error:
        deque(iter_records(store, manifest), maxlen=0)
    assert error.value.why
    assert error.value.fix == f"remove {KEY}, then {RUN_AGAIN}"


@pytest.mark.parametrize("records", [3, 3000])
def test_a_marker_with_more_bytes_is_damaged(records: int) -> None:
    store = MemoryStore()
    manifest = large(store, records)
    store.objects[KEY] += b"x"
    with pytest.raises(DamagedMarkerError):
        deque(iter_records(store, manifest), maxlen=0)


def test_a_marker_of_exactly_one_chunk_is_read() -> None:
    store = MemoryStore()
    large(store, 900)
    spare = CHUNK - len(store.objects[KEY])
    for _ in range(3):  # the first line's numbers may grow by a digit
        long = FailedSample(index=900, reason="EmptyPrompt", traceback="x" * spare).to_json()
        lines = [*store.objects[KEY].splitlines()[1:901], long]
        manifest = read_head(store, "O-1_maze", 0)
        manifest = manifest.model_copy(update={"records": describe_records(lines)})
        store.objects[KEY] = encode_marker(manifest, lines)
        spare += CHUNK - len(store.objects[KEY])
    assert len(store.objects[KEY]) == CHUNK
    assert sum(1 for _ in iter_records(store, manifest)) == 901


def test_a_marker_that_was_replaced_is_not_read_as_the_known_one() -> None:
    store = MemoryStore()
    manifest = large(store, 3)
    store.objects[KEY] = change_marker(
        store.objects[KEY], lambda head, _records: head.update(plan="sha256:other")
    )
    with pytest.raises(DamagedMarkerError) as error:
        deque(iter_records(store, manifest), maxlen=0)
    assert error.value.why == "its first line has changed"


@pytest.mark.parametrize("body", [b"", b"{}", b'{"apiVersion":"vrdata.dev/v1alpha1","data":[]}'])
def test_a_marker_of_another_version_is_refused(body: bytes) -> None:
    store = MemoryStore()
    put_object(store, KEY, body)
    with pytest.raises(InvalidInputError, match="is damaged or of another version of vrdata"):
        read_head(store, "O-1_maze", 0)


def test_a_shard_without_a_marker_is_not_found() -> None:
    with pytest.raises(ObjectNotFoundError):
        read_head(MemoryStore(), "O-1_maze", 0)


@pytest.mark.parametrize(
    "name", ["1" * 30 + ".json", "\u0661" * 6 + ".json", "7.json", "000001.json.bak"]
)
def test_keys_that_no_worker_writes_are_not_shards(name: str) -> None:
    """A set of shards takes one bit for each number up to the largest."""
    with pytest.raises(ValueError, match="commits"):
        layout.parse_commit_key(f"{layout.COMMITS}O-1_maze/{name}")
