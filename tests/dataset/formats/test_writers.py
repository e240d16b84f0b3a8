"""The shard writers: names, bytes, offsets, and files that change under them."""

import gzip
import hashlib
import os
import tarfile
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from vrdata.dataset.formats.base import PendingObject, ShardWriter, SourceFile
from vrdata.dataset.formats.registry import format_of
from vrdata.dataset.formats.untrusted import FileChangedError
from vrdata.model import OutputFormat
from vrdata.plan.planned import ShardRange

FORMATS: list[OutputFormat] = ["webdataset", "tar", "files", "parquet"]
GENERATOR = "O-1_maze"
SHARD = ShardRange(GENERATOR, 3, 6, 8, 12, 16)
FILES = {"prompt.txt": b"Go.\n", "first_frame.png": b"png" * 700, "a.b.png": b"", "z.mp4": b"v" * 9}


def source(folder: Path, name: str, body: bytes) -> SourceFile:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(body)
    return SourceFile(name, folder / name, len(body), hashlib.sha256(body).hexdigest())


def sources(folder: Path) -> list[SourceFile]:
    return [source(folder, name, body) for name, body in FILES.items()]


def writer(output_format: OutputFormat, folder: Path) -> ShardWriter:
    folder.mkdir(parents=True)
    return format_of(output_format).open_writer(folder, SHARD)


def write(output_format: OutputFormat, folder: Path) -> tuple[PendingObject, ...]:
    made = writer(output_format, folder / "scratch")
    for index in (12, 15):
        made.add(index, "maze", sources(folder / str(index)))
    return made.finish()


def test_webdataset_members_are_keyed_and_sorted(tmp_path: Path) -> None:
    (item,) = write("webdataset", tmp_path)
    assert item.key == "shards/O-1_maze/O-1_maze-000003.tar"
    assert item.content_type == "application/x-tar"
    with tarfile.open(item.path) as tar:
        names = tar.getnames()
    assert names == [f"O-1_maze-{index:08d}.{name}" for index in (12, 15) for name in sorted(FILES)]


def test_tar_members_have_the_layout_of_the_present_pipeline(tmp_path: Path) -> None:
    (item,) = write("tar", tmp_path)
    assert item.key == "questions/O-1_maze_00012-00015.tar.gz"
    with tarfile.open(item.path, "r:gz") as tar:
        first = tar.getmembers()[0]
        assert first.name == "O-1_maze/maze_task/maze_00000012/a.b.png"
        assert (first.mtime, first.uid, first.gid, first.mode) == (0, 0, 0, 0o644)


def test_the_gzip_header_has_no_time_and_no_name(tmp_path: Path) -> None:
    (item,) = write("tar", tmp_path)
    # RFC 1952: magic, deflate, no flags, time 0.
    assert item.path.read_bytes()[:8] == b"\x1f\x8b\x08\x00" + bytes(4)
    assert gzip.decompress(item.path.read_bytes())


def test_files_are_one_object_each(tmp_path: Path) -> None:
    items = write("files", tmp_path)
    assert [item.key for item in items[: len(FILES)]] == [
        f"questions/O-1_maze/maze_task/maze_00000012/{name}" for name in sorted(FILES)
    ]


@pytest.mark.parametrize("output_format", FORMATS)
def test_pending_objects_have_the_size_and_digest_of_their_file(
    output_format: OutputFormat, tmp_path: Path
) -> None:
    for item in write(output_format, tmp_path):
        body = item.path.read_bytes()
        assert (item.size, item.sha256) == (len(body), hashlib.sha256(body).hexdigest())


@pytest.mark.parametrize("output_format", FORMATS)
def test_equal_samples_give_equal_bytes(output_format: OutputFormat, tmp_path: Path) -> None:
    first, second = (write(output_format, tmp_path / name) for name in "ab")
    assert [(item.key, item.sha256) for item in first] == [
        (item.key, item.sha256) for item in second
    ]


@pytest.mark.parametrize("output_format", FORMATS)
def test_records_have_size_digest_and_in_a_tar_the_offset(
    output_format: OutputFormat, tmp_path: Path
) -> None:
    made = writer(output_format, tmp_path / "scratch")
    records = made.add(12, "maze", sources(tmp_path / "in"))
    (item, *_) = made.finish()
    assert [record.name for record in records] == sorted(FILES)
    for record in records:
        body = FILES[record.name]
        assert (record.size, record.sha256) == (len(body), hashlib.sha256(body).hexdigest())
        if output_format == "webdataset":
            assert record.offset is not None
            start = record.offset
            assert item.path.read_bytes()[start : start + record.size] == body
        else:
            assert record.offset is None


def changed_bytes(path: Path) -> None:
    path.write_bytes(b"X" * path.stat().st_size)


def longer(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"more")


def shorter(path: Path) -> None:
    path.write_bytes(b"")


def removed(path: Path) -> None:
    path.unlink()


def linked(path: Path) -> None:
    copy = path.with_suffix(".copy")
    path.rename(copy)
    path.symlink_to(copy)


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize("change", [changed_bytes, longer, shorter, removed, linked, pipe])
@pytest.mark.parametrize("output_format", FORMATS)
def test_a_file_that_changed_after_it_was_checked_is_refused(
    output_format: OutputFormat, change: Callable[[Path], None], tmp_path: Path
) -> None:
    made = writer(output_format, tmp_path / "scratch")
    file = source(tmp_path / "in", "first_frame.png", b"png")
    change(file.path)
    with pytest.raises(FileChangedError, match="changed after it was checked"):
        made.add(12, "maze", [file])
    made.finish()


@pytest.mark.parametrize("output_format", FORMATS)
def test_the_longest_names_are_stored_and_read_back(
    output_format: OutputFormat, tmp_path: Path
) -> None:
    generator, domain, name = "G" * 100, "d" * 100, f"{'n' * 64}.{'a' * 16}.{'b' * 16}.json.txt"
    (tmp_path / "scratch").mkdir()
    shard = ShardRange(generator, 0, 0, 1, 0, 1)
    made = format_of(output_format).open_writer(tmp_path / "scratch", shard)
    (record,) = made.add(0, domain, [source(tmp_path / "in", name, b"body")])
    (item,) = made.finish()
    if output_format == "files":
        assert item.key.endswith(f"/{name}")
        return
    if output_format == "parquet":
        (row,) = pq.read_table(item.path).to_pylist()
        assert row["id"] == f"{domain}_00000000"
        assert row["files"] == [{"name": name, "bytes": b"body"}]
        return
    with tarfile.open(item.path) as tar:
        (member,) = tar.getmembers()
        assert member.name.endswith(name)
        assert len(member.name) > 200
        assert record.offset in (None, member.offset_data)
        assert format_of(output_format).locate(member.name) == (0, name)


def test_a_tar_holds_paths_of_more_than_100_bytes(tmp_path: Path) -> None:
    generator = "G-1_" + "n" * 80
    (tmp_path / "scratch").mkdir()
    made = format_of("tar").open_writer(tmp_path / "scratch", ShardRange(generator, 0, 0, 1, 0, 1))
    made.add(0, "d" * 40, sources(tmp_path / "in"))
    (item,) = made.finish()
    with tarfile.open(item.path) as tar:
        assert tar.getnames()[0] == f"{generator}/{'d' * 40}_task/{'d' * 40}_00000000/a.b.png"
