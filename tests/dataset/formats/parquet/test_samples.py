"""Samples as rows: every byte of every file is kept, and the columns are always the same."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.datasets.rowfiles import FORMAT, members, source
from support.memorystore import MemoryStore
from vrdata.dataset.formats.archive import DamagedArchiveError
from vrdata.dataset.formats.base import PendingObject, SourceFile
from vrdata.dataset.formats.parquet import writer as writing
from vrdata.dataset.formats.parquet.lookup import find_file
from vrdata.dataset.formats.untrusted import FileChangedError
from vrdata.errors import InvalidInputError
from vrdata.plan.planned import ShardRange

NAMES = [
    *("first_frame.png", "final_frame.png", "prompt.txt", "metadata.json", "goal.txt"),
    *("ground_truth.mp4", "ground_truth.webm", "first_video.avi", "last_video.mkv"),
    *("ground_truth.png", "a.json.txt", "grid.npy.bin", "first_frame.jpg", "rows.arrow", "z.mp4"),
]
Files = dict[str, bytes]


def write(folder: Path, samples: dict[int, Files]) -> PendingObject:
    folder.mkdir(parents=True, exist_ok=True)
    made = FORMAT.open_writer(folder, ShardRange("O-x", 0, 0, 1, 0, 10**9))
    for index, files in samples.items():
        sources = [source(folder, body, name) for name, body in files.items()]
        records = made.add(index, "maze", sources)
        assert [record.name for record in records] == sorted(files)
    (pending,) = made.finish()
    return pending


def read(pending: PendingObject) -> dict[int, Files]:
    found: dict[int, Files] = {}
    for member in members(pending.path.read_bytes()):
        index, name = FORMAT.locate(member.name)
        found.setdefault(index, {})[name] = member.body
    return found


bodies = st.sampled_from([b"", b"text", b"\xff\xfe", "\u00fc\r\n\0".encode(), b"x" * 3000])
sample = st.dictionaries(st.sampled_from(NAMES), bodies).map(
    lambda files: {"first_frame.png": b"png"} | files
)


@given(samples=st.dictionaries(st.integers(0, 10**9 - 1), sample, max_size=5))
def test_every_file_of_every_sample_is_read_back(
    samples: dict[int, Files], tmp_path_factory: pytest.TempPathFactory
) -> None:
    ordered = dict(sorted(samples.items()))
    folder = tmp_path_factory.mktemp("shard")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writing, "SAMPLES", 2)
        pending = write(folder, ordered)
    assert read(pending) == ordered
    assert list(read(pending)) == list(ordered)
    store = MemoryStore()
    store.put_new("k", pending.path, sha256=pending.sha256)
    for index, files in ordered.items():
        for name, body in files.items():
            assert find_file(store, "k", pending.size, index, name) == body


def row_of(folder: Path, files: Files) -> dict[str, Any]:
    (row,) = pq.read_table(write(folder, {3: files}).path).to_pylist()
    return dict(row)


def test_known_files_have_columns_and_all_others_are_in_a_list(tmp_path: Path) -> None:
    files = {name: name.encode() for name in NAMES}
    row = row_of(tmp_path, files)
    assert (row["id"], row["index"], row["domain"]) == ("maze_00000003", 3, "maze")
    assert (row["prompt"], row["goal"], row["metadata"]) == (
        "prompt.txt",
        "goal.txt",
        "metadata.json",
    )
    columns = {"first_frame": "png", "final_frame": "png", "ground_truth": "mp4"}
    columns |= {"first_video": "avi", "last_video": "mkv"}
    for column, ending in columns.items():
        name = f"{column}.{ending}"
        assert row[column] == {"bytes": name.encode(), "path": name}
    others = ["a.json.txt", "first_frame.jpg", "grid.npy.bin", "ground_truth.png"]
    others += ["ground_truth.webm", "rows.arrow", "z.mp4"]
    assert row["files"] == [{"name": name, "bytes": name.encode()} for name in others]


def test_a_text_that_is_not_utf_8_is_kept_in_the_list(tmp_path: Path) -> None:
    row = row_of(tmp_path, {"first_frame.png": b"", "goal.txt": b"\xff"})
    assert row["goal"] is None
    assert row["files"] == [{"name": "goal.txt", "bytes": b"\xff"}]


def test_files_with_the_schema_of_each_other_can_be_read_as_one(tmp_path: Path) -> None:
    one = write(tmp_path / "a", {0: {"first_frame.png": b"1"}})
    other = write(tmp_path / "b", {4: dict.fromkeys(NAMES, b"2")})
    empty = write(tmp_path / "c", {})
    schemas = [pq.read_schema(made.path) for made in (one, other, empty)]
    assert all(schema.equals(schemas[0], check_metadata=True) for schema in schemas)
    assert pa.concat_tables(pq.read_table(made.path) for made in (one, other, empty)).num_rows == 2


def test_the_schema_has_the_features_of_hugging_face(tmp_path: Path) -> None:
    schema = pq.read_schema(write(tmp_path, {}).path)
    features = json.loads(schema.metadata[b"huggingface"])["info"]["features"]
    assert list(features) == schema.names
    kinds = {name: one["_type"] for name, one in features.items() if isinstance(one, dict)}
    assert {name for name, kind in kinds.items() if kind == "Image"} == {
        "first_frame",
        "final_frame",
    }
    assert {name for name, kind in kinds.items() if kind == "Video"} == {
        "ground_truth",
        "first_video",
        "last_video",
    }


def test_row_groups_have_a_number_of_samples_and_of_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "GROUP_BYTES", 10_000)
    monkeypatch.setattr(writing, "SAMPLES", 4)
    small = {at: {"first_frame.png": b"x" * 10} for at in range(9)}
    large = {at: {"first_frame.png": b"x" * 6_000} for at in range(9, 12)}
    huge = {12: {"first_frame.png": b"x" * 30_000}, 13: {"first_frame.png": b"x"}}
    pending = write(tmp_path, small | large | huge)
    found = pq.read_metadata(pending.path)
    rows = [found.row_group(at).num_rows for at in range(found.num_row_groups)]
    assert rows == [4, 4, 2, 1, 1, 1, 1]
    assert read(pending) == small | large | huge


def test_images_are_not_compressed_again_and_texts_are(tmp_path: Path) -> None:
    group = pq.read_metadata(write(tmp_path, {0: {"first_frame.png": b"x"}}).path).row_group(0)
    columns = [group.column(at) for at in range(group.num_columns)]
    found = {column.path_in_schema: column.compression for column in columns}
    assert found["first_frame.bytes"] == found["ground_truth.bytes"] == "UNCOMPRESSED"
    assert found["metadata"] == found["files.list.element.bytes"] == "ZSTD"


def test_a_sample_that_is_too_large_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "MAX_SAMPLE", 100)
    with pytest.raises(InvalidInputError, match="in format parquet has at most 100"):
        write(tmp_path, {0: {"first_frame.png": bytes(101)}})


def changed_file(pending: PendingObject, change: dict[str, Any], at: int = 0) -> bytes:
    """The file with another row, well-formed."""
    table = pq.read_table(pending.path)
    rows = table.to_pylist()
    rows[at] |= change
    body = io.BytesIO()
    with pq.ParquetWriter(body, table.schema, write_page_checksum=True) as made:
        made.write_table(pa.Table.from_pylist(rows, schema=table.schema))
    return body.getvalue()


@pytest.mark.parametrize(
    "change",
    [
        {"id": "maze_00000009"},
        {"index": 9},
        {"domain": "other"},
        {"id": None},
        {"index": None},
        {"first_frame": {"bytes": b"1", "path": None}},
        {"files": [{"name": None, "bytes": b""}]},
    ],
    ids=str,
)
def test_a_row_that_contradicts_itself_is_damaged(change: dict[str, Any], tmp_path: Path) -> None:
    pending = write(tmp_path, {0: {"first_frame.png": b"1"}})
    with pytest.raises(DamagedArchiveError):
        members(changed_file(pending, change))


def test_a_changed_byte_of_a_file_is_found_by_the_checksum_of_its_page(tmp_path: Path) -> None:
    files = {"first_frame.png": b"png" * 20, "prompt.txt": b"Go."}
    body = write(tmp_path, {0: files, 1: files}).path.read_bytes()
    at = body.index(b"png" * 20)
    for place in range(at, at + 60, 7):
        damaged = bytearray(body)
        damaged[place] ^= 0x55
        with pytest.raises(DamagedArchiveError, match="damaged"):
            members(bytes(damaged))


@pytest.mark.parametrize("change", [0x01, 0x55, 0xFF])
def test_a_damaged_footer_never_ends_the_process(change: int, tmp_path: Path) -> None:
    body = write(tmp_path, {0: {"first_frame.png": b"png"}}).path.read_bytes()
    footer = len(body) - 8 - int.from_bytes(body[-8:-4], "little")
    for at in range(footer, len(body), 41):
        damaged = bytearray(body)
        damaged[at] ^= change
        with contextlib.suppress(DamagedArchiveError):
            members(bytes(damaged))


def test_every_cut_of_a_file_is_damaged(tmp_path: Path) -> None:
    body = write(tmp_path, {0: {"first_frame.png": b"png"}}).path.read_bytes()
    for size in range(0, len(body), 37):
        with pytest.raises(DamagedArchiveError):
            members(body[:size])


def test_other_parquet_files_are_damaged(tmp_path: Path) -> None:
    for table in (pa.table({"a": [1]}), pa.table({"index": [1]}), pa.table({"index": ["x"]})):
        body = io.BytesIO()
        pq.write_table(table, body)
        with pytest.raises(DamagedArchiveError):
            members(body.getvalue())


def test_the_child_cannot_change_a_file_while_it_is_stored(tmp_path: Path) -> None:
    made = FORMAT.open_writer(tmp_path, ShardRange("O-x", 0, 0, 1, 0, 1))
    file = source(tmp_path, b"png", "first_frame.png")
    with pytest.raises(FileChangedError):
        made.add(0, "a", [SourceFile(file.name, file.path, file.size, "0" * 64)])
