"""Parts of large files are read for a block that asks for them, and nothing else is fetched."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.sources.fake import FakeSource
from support.sources.ranged import NAME, Ranges
from vrdata.contract.messages import WorkerNotice
from vrdata.contract.reasons import FailureReason
from vrdata.sources.port import Part, SourceUnavailableError
from vrdata.store import patient
from vrdata_worker.failures import ShardFailedError
from vrdata_worker.staging.whole.ranges import server
from vrdata_worker.staging.whole.ranges.chunks import CHUNK, CHUNKS_BYTES

MIB, GIB = 2**20, 2**30


@pytest.fixture
def ranges(tmp_path: Path) -> Iterator[Ranges]:
    made = Ranges(tmp_path, 3 * CHUNK + 10)
    yield made
    made.close()


def write_at(path: Path, at: int, body: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(body)


def test_ten_items_of_a_source_of_20_gb_need_ten_chunks(tmp_path: Path) -> None:
    ranges = Ranges(tmp_path, 20 * GIB)
    places = [number * 2 * GIB + 7 * MIB for number in range(10)]
    for number, at in enumerate(places):
        write_at(ranges.file, at, b"item %d" % number)
    shard = ranges.begin()
    client = ranges.client()
    for number, at in enumerate(places):
        assert client.ask(at, at + 6) == b"item %d" % number
    assert ranges.disk_bytes() < 11 * CHUNK
    shard.close()
    ranges.close()
    (said,) = [one.message for one in ranges.bench.told if isinstance(one, WorkerNotice)]
    assert said == "M-scans: fetched 40.0 MiB of 20.0 GiB of raw, by ranges"
    assert ranges.disk_bytes() < MIB


def test_reading_all_of_a_large_file_keeps_the_disk_bounded(tmp_path: Path) -> None:
    ranges = Ranges(tmp_path, CHUNKS_BYTES + 64 * MIB)
    ranges.bench.limit = 32 * MIB
    ranges.begin()
    client = ranges.client()
    for start in range(0, ranges.size, 16 * MIB):
        body = client.ask(start, start + 16 * MIB)
        assert len(body) == 16 * MIB
        assert ranges.disk_bytes() < 33 * MIB
    ranges.close()


def test_a_block_finds_names_and_sizes_and_no_folder(ranges: Ranges) -> None:
    ranges.begin()
    (entry,) = json.loads((ranges.folder / "block/sources.json").read_bytes())
    assert (entry["folder"], entry["socket"]) == ("", "sources.sock")
    assert entry["files"] == [[NAME, ranges.size]]


def test_ranges_across_chunks_are_the_bytes_of_the_file(ranges: Ranges) -> None:
    body = os.urandom(ranges.size)
    ranges.file.write_bytes(body)
    ranges.begin()
    client = ranges.client()
    end = ranges.size
    for start, stop in [(0, end), (CHUNK - 1, CHUNK + 1), (5, 5), (end - 3, end), (0, CHUNK)]:
        assert client.ask(start, stop) == body[start:stop]


def test_several_connections_read_the_same_chunk_at_the_same_time(ranges: Ranges) -> None:
    ranges.file.write_bytes(os.urandom(ranges.size))
    ranges.begin()
    found: list[bytes | str] = []
    clients = [ranges.client() for _ in range(6)]
    threads = [
        threading.Thread(target=lambda one=one: found.append(one.ask(0, CHUNK + 1)))
        for one in clients
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert found == [ranges.file.read_bytes()[: CHUNK + 1]] * 6


@pytest.mark.parametrize(
    ("name", "source"),
    [("other", 0), ("../source/deep/large.bin", 0), ("/etc/passwd", 0), ("", 0), (NAME, 1)],
)
def test_only_files_of_the_pinned_list_are_read(ranges: Ranges, name: str, source: int) -> None:
    ranges.begin()
    client = ranges.client()
    assert client.ask(0, 1, name, source) == "the source has no such file"
    assert client.ask(0, 1) == b"\0"


def test_a_range_beyond_the_end_is_refused_with_the_size(ranges: Ranges) -> None:
    ranges.begin()
    assert ranges.client().ask(0, ranges.size + 1) == f"the file has {ranges.size} bytes"


def request(**changes: Any) -> bytes:
    return json.dumps({"source": 0, "name": NAME, "start": 0, "stop": 1} | changes).encode()


@pytest.mark.parametrize(
    "line",
    [
        b"no json",
        b"[" * 5000,
        b"\xff",
        b"3",
        request(more=1),
        request(start=-1),
        request(start=2),
        request(start=True),
        request(stop=2**70),
        request(stop=GIB + 1),
        request(stop=1.0),
        request(name=["a"]),
        b"x" * 10_000,
    ],
)
def test_a_malformed_request_ends_the_connection_and_no_other_one(
    ranges: Ranges, line: bytes
) -> None:
    ranges.begin()
    other = ranges.client()
    assert ranges.client().send(line + b"\n") == b""
    assert other.ask(0, 1) == b"\0"


def test_further_connections_wait_until_one_ends(
    ranges: Ranges, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "CONNECTIONS", 2)
    ranges.begin()
    idle = [ranges.client(), ranges.client()]
    assert [one.ask(0, 1) for one in idle] == [b"\0", b"\0"]
    late = ranges.client()
    late.socket.settimeout(0.7)
    with pytest.raises(TimeoutError):
        late.ask(0, 1)
    idle[0].close()
    late.socket.settimeout(20)
    late.stream = late.socket.makefile("rb")
    assert json.loads(late.stream.readline()) == {"bytes": 1}


@pytest.mark.parametrize("change", ["shorter", "gone"])
def test_a_file_that_has_changed_ends_the_shard(ranges: Ranges, change: str) -> None:
    shard = ranges.begin()
    shard.check()
    if change == "gone":
        ranges.file.unlink()
    else:
        os.truncate(ranges.file, CHUNK + 1)
    assert NAME in str(ranges.client().ask(2 * CHUNK, 2 * CHUNK + 1))
    with pytest.raises(ShardFailedError) as caught:
        shard.check()
    assert caught.value.failure.reason is FailureReason.SOURCE_CHANGED


def test_a_source_that_does_not_answer_ends_the_shard_as_unavailable(
    ranges: Ranges, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patient, "UNREACHABLE_SECONDS", 0.1)
    ranges.bench.source = FakeSource({}, [SourceUnavailableError("503") for _ in range(9)])
    shard = ranges.begin(fake=True)
    assert "cannot be fetched: 503" in str(ranges.client().ask(0, 1))
    with pytest.raises(ShardFailedError) as caught:
        shard.check()
    assert caught.value.failure.reason is FailureReason.SOURCE_UNAVAILABLE


def test_a_silent_source_does_not_hold_a_block_that_ends(ranges: Ranges) -> None:
    silent, asked = threading.Event(), threading.Event()

    def wait(_: Part) -> None:
        asked.set()
        silent.wait(30)

    ranges.bench.source = FakeSource({}, before=wait)
    shard = ranges.begin(fake=True)
    client = ranges.client()
    client.socket.sendall(request() + b"\n")
    assert asked.wait(20)
    shard.close()
    assert client.stream.readline() == b""
    silent.set()
    shard.check()


def test_a_block_that_has_ended_is_not_served(ranges: Ranges) -> None:
    shard = ranges.begin()
    client = ranges.client()
    assert client.ask(0, 1) == b"\0"
    shard.release(0)
    assert client.send(request() + b"\n") == b""
    with pytest.raises(ConnectionError):
        ranges.client().ask(0, 1)
