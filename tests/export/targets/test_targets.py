"""Targets write whole files only, and take no more into memory than they need."""

from __future__ import annotations

import os
import random
import tarfile
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.memorystore import MemoryStore
from vrdata.errors import InvalidInputError, OutputConflictError, UsageError
from vrdata.export.targets import archive
from vrdata.export.targets.archive import ArchiveTarget
from vrdata.export.targets.base import Entry, Target
from vrdata.export.targets.opening import open_target
from vrdata.export.targets.store import JOBS, StoreTarget
from vrdata.store.file.store import FileStore

SMALL: list[Entry] = [("b/x.txt", b"one"), ("a/y.txt", b"")]


def both(folder: Path) -> list[Target]:
    return [StoreTarget(FileStore(folder / "tree")), ArchiveTarget(FileStore(folder), "x.tar.gz")]


def test_members_are_in_the_order_of_the_entries_and_the_last_is_last(tmp_path: Path) -> None:
    (tmp_path / "lines").write_bytes(b"l" * 3_000_000)
    target = ArchiveTarget(FileStore(tmp_path), "x.tar")
    (copied,) = target.write(SMALL, [("lines", tmp_path / "lines")])
    assert copied.size == (tmp_path / "x.tar").stat().st_size
    with tarfile.open(tmp_path / "x.tar") as found:
        assert found.getnames() == ["b/x.txt", "a/y.txt", "lines"]
        stream = found.extractfile("lines")
        assert stream is not None
        assert stream.read() == b"l" * 3_000_000


def test_an_archive_for_a_bucket_has_the_bytes_of_one_in_a_folder(tmp_path: Path) -> None:
    memory = MemoryStore()
    (first,) = ArchiveTarget(memory, "x.tar.gz").write(SMALL, [])
    (second,) = ArchiveTarget(FileStore(tmp_path), "x.tar.gz").write(SMALL, [])
    assert memory.objects["x.tar.gz"] == (tmp_path / "x.tar.gz").read_bytes()
    assert first == second
    assert next(ArchiveTarget(memory, "x.tar.gz").write(SMALL, [])).outcome == "skipped"
    with pytest.raises(OutputConflictError):
        list(ArchiveTarget(memory, "x.tar.gz").write(SMALL[:1], []))


@pytest.mark.parametrize("name", ["x.tar", "x.tgz", "x.TAR.gz"])
def test_an_archive_that_a_bucket_cannot_take_is_one_error_before_all_is_read(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "MAX_BYTES", 1000)
    memory, read = MemoryStore(), 0

    def entries() -> Iterator[Entry]:
        nonlocal read
        for read in range(100):
            yield f"{read}.bin", os.urandom(100_000)

    with pytest.raises(UsageError, match="the archive has more than") as raised:
        list(ArchiveTarget(memory, name).write(entries(), []))
    assert raised.value.fix.endswith("/x/")
    assert memory.objects == {}
    assert read < 10


def test_entries_that_end_early_leave_no_archive_and_no_last_file(tmp_path: Path) -> None:
    def entries() -> Iterator[Entry]:
        yield from SMALL
        raise InvalidInputError("the run is damaged")

    for target in both(tmp_path):
        with pytest.raises(InvalidInputError):
            list(target.write(entries(), [("metadata.jsonl", b"{}")]))
    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert left <= {"tree/a/y.txt", "tree/b/x.txt"}


@pytest.mark.parametrize("path", ["../x", "/x", "a//b", "a/./b", "a\nb", "", "a/.vrdata-tmp/b"])
def test_paths_outside_of_the_target_are_refused(path: str, tmp_path: Path) -> None:
    for target in both(tmp_path):
        with pytest.raises(InvalidInputError, match="not a valid object key"):
            list(target.write([(path, b"x")], []))
    assert [one for one in tmp_path.rglob("*") if one.is_file()] == []


def test_memory_does_not_grow_with_the_number_of_files(tmp_path: Path) -> None:
    body = random.Random(1).randbytes(2**18)  # noqa: S311 - reproducible

    def entries(count: int) -> Iterator[Entry]:
        for at in range(count):
            yield f"{at:05d}", bytes(bytearray(body))

    for target in both(tmp_path):
        tracemalloc.start()
        try:
            for _ in target.write(entries(200), []):
                pass
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak < 2**20 * 8 + JOBS * 8 * len(body)


@pytest.mark.parametrize(
    ("url", "kind"),
    [("out", StoreTarget), ("out.tar", ArchiveTarget), ("a/out.TAR.GZ", ArchiveTarget)],
)
def test_the_ending_tells_an_archive_from_a_folder(
    url: str, kind: type[Target], tmp_path: Path
) -> None:
    run = FileStore(tmp_path / "run")
    target, _ = open_target(str(tmp_path / url), run)
    assert type(target) is kind
    assert target.url == str(tmp_path / url)
    list(target.write(SMALL, []))
    if kind is ArchiveTarget:
        mode = "r:gz" if url.endswith("GZ") else "r:"
        with tarfile.open(tmp_path / url, mode) as found:
            assert len(found.getnames()) == 2
