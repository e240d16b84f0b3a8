"""Folders, files and buckets as sources: what is pinned is what is staged, or nothing."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from support.memorystore import MemoryStore
from vrdata.api.source import SourceSpec
from vrdata.errors import InvalidInputError
from vrdata.sources.objects import source as objects_source
from vrdata.sources.objects.listing import list_bucket
from vrdata.sources.objects.source import ObjectsSource, Root
from vrdata.sources.opening import open_source
from vrdata.sources.port import (
    Part,
    PartFile,
    Source,
    SourceAccessError,
    SourceChangedError,
    SourceUnavailableError,
)
from vrdata.store.port import (
    ObjectInfo,
    ObjectNotFoundError,
    StorageError,
    StoreAccessError,
    StoreUnreachableError,
)


class Bucket(MemoryStore):
    """A store with ETags, as S3 has them: the MD5 of an object, or of the parts of an upload."""

    multipart = False

    def etag(self, key: str) -> str:
        body = self.objects[key]
        digest = hashlib.md5(body + b"-" * self.multipart, usedforsecurity=False).hexdigest()
        return digest + "-1" * self.multipart

    def head(self, key: str) -> ObjectInfo | None:
        info = super().head(key)
        return None if info is None else replace(info, etag=self.etag(key))

    def list_after(self, prefix: str, after: str = "") -> Iterator[ObjectInfo]:
        for info in super().list_after(prefix, after):
            yield replace(info, etag=self.etag(info.key))


def of_bucket(store: MemoryStore) -> ObjectsSource:
    return ObjectsSource(lambda: Root(store, lambda: list_bucket(store, ())), "s3://b/", ())


def of_path(path: Path, *include: str) -> Source:
    return open_source(SourceSpec(url=str(path), include=include))


def fill(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(name.encode())


def parts(source: Source, limit: int | None = None) -> list[Part]:
    return list(source.resolve(limit).parts)


def test_the_files_of_an_item_are_staged_below_their_names(tmp_path: Path) -> None:
    fill(tmp_path / "in", "r/1.mcap", "r/1.mkv", "r/2.mcap")
    source = of_path(tmp_path / "in")
    first, second = parts(source)
    assert (first.key(0), second.key(1)) == ("r/1.mcap", "r/2.mcap")
    (tmp_path / "out").mkdir()
    source.stage(first, tmp_path / "out")
    found = {str(path.relative_to(tmp_path / "out")) for path in tmp_path.glob("out/*/*")}
    assert found == {"r/1.mcap", "r/1.mkv"}
    assert (tmp_path / "out/r/1.mkv").read_bytes() == b"r/1.mkv"


def test_equal_folders_have_equal_parts_wherever_and_whenever_they_are(tmp_path: Path) -> None:
    names = ["b/1.png", "a-b/1.png", "a/1.png", "a/2.png"]
    fill(tmp_path / "one", *names)
    fill(tmp_path / "two", *reversed(names))
    assert parts(of_path(tmp_path / "one")) == parts(of_path(tmp_path / "two"))
    assert [part.first for part in parts(of_path(tmp_path / "one"))] == [0, 1, 2, 3]


def test_tables_of_several_formats_are_one_source(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x\n1\n2\n")
    (tmp_path / "b.jsonl").write_text('{"x": 1}\n')
    (tmp_path / "c.csv").write_text("x\n")
    (tmp_path / "d.csv").write_text("x\n3\n")
    found = parts(of_path(tmp_path))
    assert [(part.key(part.first), part.first, part.items) for part in found] == [
        ("a.csv#0", 0, 2),
        ("b.jsonl#0", 2, 1),
        ("d.csv#0", 3, 1),
    ]


def test_a_url_of_one_file_has_only_that_file(tmp_path: Path) -> None:
    fill(tmp_path, "a.png", "b.png")
    (part,) = parts(of_path(tmp_path / "a.png"))
    assert [file.name for file in part.files] == ["a.png"]


def test_a_link_that_the_url_names_is_followed(tmp_path: Path) -> None:
    fill(tmp_path / "real", "a.png")
    (tmp_path / "link").symlink_to("real")
    assert len(parts(of_path(tmp_path / "link"))) == 1
    assert len(parts(open_source(SourceSpec(url=f"file://{tmp_path}/link/a.png")))) == 1


def test_a_limit_reads_no_more_files_than_needed(tmp_path: Path) -> None:
    store = MemoryStore()
    for number in range(20):
        store.objects[f"{number:02}.png"] = b"x"
    assert len(parts(of_bucket(store), 3)) == 3
    assert store.requests["get_range"] == 3


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda path: path.write_bytes(b"A.png"), "digest is different"),
        (lambda path: path.write_bytes(b"a"), "could not be read"),
        (lambda path: path.unlink(), "no longer exists"),
        (lambda path: path.rename(path.with_name("b")) and path.mkdir(), "no longer exists"),
        (
            lambda path: path.rename(path.with_name("b")) and path.symlink_to("b"),
            "no longer exists",
        ),
        (lambda path: path.unlink() or path.parent.rmdir(), "does not exist"),
    ],
    ids=["other bytes", "shorter", "deleted", "a folder", "a link", "folder deleted"],
)
def test_a_changed_file_is_not_staged(tmp_path: Path, change: object, why: str) -> None:
    fill(tmp_path / "in", "a.png")
    (part,) = parts(of_path(tmp_path / "in"))
    assert callable(change)
    change(tmp_path / "in/a.png")
    (tmp_path / "out").mkdir()
    with pytest.raises(
        SourceChangedError, match=r"a\.png has changed since the run began"
    ) as caught:
        of_path(tmp_path / "in").stage(part, tmp_path / "out")
    assert why in caught.value.why


@pytest.mark.parametrize("multipart", [False, True])
def test_an_object_is_pinned_by_its_etag_without_reading_it(
    tmp_path: Path, multipart: bool
) -> None:
    store = Bucket()
    store.multipart = multipart
    store.objects["a.png"] = b"1"
    (part,) = parts(of_bucket(store))
    assert store.requests["get_range"] == store.requests["head"] == 0
    (tmp_path / "one").mkdir()
    of_bucket(store).stage(part, tmp_path / "one")
    assert store.requests["head"] == multipart  # the MD5 of one upload proves its bytes
    store.objects["a.png"] = b"2"
    (tmp_path / "two").mkdir()
    with pytest.raises(SourceChangedError, match="has changed"):
        of_bucket(store).stage(part, tmp_path / "two")


def test_an_object_that_changes_while_it_is_read_is_not_staged(tmp_path: Path) -> None:
    class Changing(Bucket):
        def get_range(self, key: str, start: int, length: int) -> bytes:
            body = super().get_range(key, start, length)
            self.objects[key] = b"n,m\n3,4\n" * 10
            return body

    store = Changing()
    store.objects["a.csv"] = b"n,m\n1,2\n" * 10
    file = PartFile("a.csv", 80, f"etag:{store.etag('a.csv')}", ((0, 8),))
    with pytest.raises(SourceChangedError, match="has changed"):
        of_bucket(store).stage(Part(0, 1, (file,), "csv"), tmp_path)


def test_large_files_are_read_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects_source, "CHUNK", 4)
    store = MemoryStore()
    store.objects["a.png"] = b"0123456789"
    (part,) = parts(of_bucket(store))
    assert part.files[0].digest == "sha256:" + hashlib.sha256(b"0123456789").hexdigest()
    of_bucket(store).stage(part, tmp_path)
    assert (tmp_path / "a.png").read_bytes() == b"0123456789"
    assert store.requests["get_range"] == 6


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (StoreUnreachableError("503"), SourceUnavailableError),
        (StorageError("faulty"), SourceUnavailableError),
        (StoreAccessError("403"), SourceAccessError),
        (ObjectNotFoundError("404"), SourceChangedError),
    ],
)
def test_errors_of_a_store_are_errors_of_the_source(
    tmp_path: Path, error: Exception, kind: type[Exception]
) -> None:
    class Failing(MemoryStore):
        calls = 0

        def get_range(self, key: str, start: int, length: int) -> bytes:
            if self.requests["get_range"] == self.calls:
                raise error
            return super().get_range(key, start, length)

    sink = io.BytesIO()
    pq.write_table(pa.table({"n": [1]}), sink)
    for calls in (0, 1, 2):  # the end of the file, its footer in pyarrow, its digest
        store = Failing()
        store.calls = calls
        store.objects["a.parquet"] = sink.getvalue()
        with pytest.raises(kind):
            parts(of_bucket(store))
    with pytest.raises(kind):
        of_bucket(Failing()).stage(Part(0, 1, (PartFile("a.png", 1),)), tmp_path)


def test_a_name_that_leads_out_of_the_folder_is_not_staged(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    for name in ("../a", "/etc/a", "a/../../b", ""):
        with pytest.raises(InvalidInputError, match="cannot be the name of an item"):
            of_bucket(MemoryStore()).stage(Part(0, 1, (PartFile(name, 0),)), tmp_path / "out")
