"""Several files written together: as whole and as durable as one after the other."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from support.memorystore import MemoryStore
from support.objects import keys, put
from vrdata.store.file import unfinished
from vrdata.store.file.store import FileStore
from vrdata.store.opening import PrefixedStore
from vrdata.store.patient import PatientStore
from vrdata.store.port import (
    DigestMismatchError,
    KeyConflictError,
    NewObject,
    ObjectStore,
    StorageError,
    put_together,
)

NAMES = ("a/1", "a/2", "b/c/1", "top")


def new(key: str, body: bytes = b"x", *, sha256: str = "") -> NewObject:
    return NewObject(key, body, sha256 or hashlib.sha256(body).hexdigest())


@pytest.fixture(params=["nameless", "named"])
def root(tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Path:
    if request.param == "named":
        monkeypatch.setattr(unfinished, "NAMELESS", 0)
    return tmp_path / "root"


def test_each_file_is_created_if_its_name_is_free(root: Path, tmp_path: Path) -> None:
    store = FileStore(root)
    put(store, "a/2", b"first")
    body = tmp_path / "body"
    body.write_bytes(b"from a file")
    given = [new("a/1"), new("a/2"), NewObject("b/c/1", body, new("", b"from a file").sha256)]
    assert put_together(store, [*given, new("top")]) == [True, False, True, True]
    assert keys(store) == sorted(NAMES)
    assert (store.get("a/2"), store.get("b/c/1")) == (b"first", b"from a file")


def test_the_second_file_of_one_name_is_not_created(root: Path) -> None:
    assert put_together(FileStore(root), [new("a", b"1"), new("a", b"2")]) == [True, False]
    assert (root / "a").read_bytes() == b"1"


def test_other_bytes_than_announced_create_no_file(root: Path) -> None:
    store = FileStore(root)
    with pytest.raises(DigestMismatchError, match="a/2"):
        put_together(store, [new("a/1"), new("a/2", sha256="0" * 64)])
    assert not [path for path in root.rglob("*") if path.is_file()]


def test_a_key_below_a_file_is_a_storage_error(root: Path) -> None:
    store = FileStore(root)
    put(store, "a")
    with pytest.raises(StorageError):
        put_together(store, [new("a/1")])


def test_links_are_not_followed(root: Path, tmp_path: Path) -> None:
    root.mkdir()
    (root / "link").symlink_to(tmp_path)
    (root / "dangling").symlink_to(tmp_path / "nothing")
    for key in ("link/1", "link/new/1", "dangling/1", "dangling/new/1"):
        with pytest.raises(KeyConflictError, match="symbolic link"):
            put_together(FileStore(root), [new(key)])
    assert not (tmp_path / "nothing").exists()


def test_no_file_has_a_name_before_all_are_synced_and_all_folders_are_synced_after_it(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events: list[str] = []

    def recorded(name: str, real: Callable[..., object]) -> Callable[..., object]:
        def call(target: int | str, *args: object, **kwargs: object) -> object:
            place = Path(f"/proc/self/fd/{target}").readlink() if name == "fsync" else Path("/")
            events.append(f"{name} {place.name}" if place.is_dir() else name)
            return real(target, *args, **kwargs)

        return call

    root.mkdir()
    monkeypatch.setattr(os, "fsync", recorded("fsync", os.fsync))
    monkeypatch.setattr(os, "link", recorded("link", os.link))
    put_together(FileStore(root), [new(name) for name in NAMES])
    assert events[:4] == ["fsync"] * 4
    assert events[4:8] == ["link "] * 4
    assert sorted(events[8:]) == ["fsync a", "fsync b", "fsync c", "fsync root"]


def test_stores_around_a_folder_pass_it_on_and_others_say_that_they_gain_nothing(
    root: Path,
) -> None:
    store: ObjectStore = PrefixedStore(PatientStore(FileStore(root), print), "ns/run")
    assert put_together(store, [new("1"), new("2")]) == [True, True]
    assert keys(FileStore(root)) == ["ns/run/1", "ns/run/2"]
    memory = MemoryStore()
    assert put_together(PrefixedStore(PatientStore(memory, print), "ns"), [new("1")]) is None
    assert memory.objects == {}
