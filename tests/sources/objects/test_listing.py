"""Folders and buckets list the same files in the same order."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.memorystore import MemoryStore
from vrdata.errors import InvalidInputError
from vrdata.sources.objects.listing import list_bucket, list_folder
from vrdata.sources.port import SourceAccessError, SourceUnavailableError
from vrdata.store.port import ObjectInfo

PART = st.text("ab-.é0", min_size=1, max_size=3).filter(lambda part: part.strip("."))


class Listing(MemoryStore):
    """A store that lists these objects."""

    def __init__(self, *listed: ObjectInfo) -> None:
        super().__init__()
        self.listed = listed

    def list_after(self, prefix: str, after: str = "") -> Iterator[ObjectInfo]:
        yield from (one for one in self.listed if one.key.startswith(prefix) and one.key > after)


def fill(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(name.encode())


def names(folder: Path, *include: str) -> list[str]:
    return [one.name for one in list_folder(folder, include)]


@given(st.sets(st.tuples(PART, PART).map("_/".join) | PART), st.sampled_from([(), (".*",)]))
def test_a_folder_lists_as_a_bucket_does(
    tmp_path_factory: pytest.TempPathFactory, files: set[str], include: tuple[str, ...]
) -> None:
    folder, store = tmp_path_factory.mktemp("folder"), MemoryStore()
    fill(folder, *files)
    for name in files:
        store.objects[name] = name.encode()
    found = list(list_folder(folder, include))
    kept = list(list_bucket(store, include))
    if not include:
        assert found == kept
    assert {one.name for one in kept} <= {one.name for one in found}


def test_hidden_files_and_folders_are_skipped(tmp_path: Path) -> None:
    fill(tmp_path, ".git/x", ".DS_Store", "a/.hidden", "a/b")
    assert names(tmp_path) == ["a/b"]


def test_a_hidden_symbolic_link_is_skipped(tmp_path: Path) -> None:
    fill(tmp_path, "a")
    (tmp_path / ".link").symlink_to("/nowhere")
    assert names(tmp_path) == ["a"]


@pytest.mark.parametrize("target", ["b", "/etc/hostname", "missing", "folder", "."])
def test_a_symbolic_link_is_refused_by_name(tmp_path: Path, target: str) -> None:
    fill(tmp_path, "b", "folder/c")
    (tmp_path / "a").symlink_to(target)
    with pytest.raises(InvalidInputError, match=r"'a' in .* is a symbolic link"):
        names(tmp_path)


def test_a_pipe_is_refused_by_name(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a")
    with pytest.raises(InvalidInputError, match=r"'a' in .* is not a regular file"):
        names(tmp_path)


def test_a_name_that_is_not_unicode_is_refused(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"\xff.png")).write_bytes(b"")
    with pytest.raises(InvalidInputError, match="cannot be the name of an item"):
        names(tmp_path)


def test_a_folder_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceAccessError, match="cannot read the folder"):
        names(tmp_path / "missing")


def test_a_bucket_skips_folder_markers_and_keeps_etags() -> None:
    (found,) = list_bucket(Listing(ObjectInfo("a/", 0), ObjectInfo("a/b", 1, etag="e")), ())
    assert found == ("a/b", 1, "etag:e")


def test_a_bucket_that_lists_out_of_order_is_refused() -> None:
    with pytest.raises(SourceUnavailableError, match="lists a after b"):
        list(list_bucket(Listing(ObjectInfo("b", 1), ObjectInfo("a", 1)), ()))
