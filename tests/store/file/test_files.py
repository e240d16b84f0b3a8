"""Errors that only folders have: paths, links, full disks, killed writers."""

from __future__ import annotations

import errno
import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.objects import keys, put
from support.polling import wait_until
from support.services.small_disk import mounted_disk
from support.trees import write_tree
from vrdata.store.file.store import FileStore
from vrdata.store.file.unfinished import LEFTOVER_SECONDS
from vrdata.store.keys import TEMPORARY, key_problem
from vrdata.store.port import ObjectNotFoundError, StorageError

WRITER = """
import sys, pathlib
from vrdata.store.file import unfinished
from vrdata.store.file.store import FileStore
if sys.argv[3] == "named":
    unfinished.NAMELESS = 0
FileStore(pathlib.Path(sys.argv[1])).put_new("a", pathlib.Path(sys.argv[2]), sha256="0" * 64)
"""
NAMES = st.text(alphabet="ab-.0é文", min_size=1, max_size=4)
KEYS = (
    st.lists(NAMES, min_size=1, max_size=4).map("/".join).filter(lambda key: not key_problem(key))
)


def all_files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_the_first_write_creates_the_root(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "root")
    assert keys(store) == []
    assert store.head("a") is None
    assert not (tmp_path / "root").exists()
    put(store, "a")
    assert (tmp_path / "root" / "a").read_bytes() == b"x"


def test_files_get_the_usual_permissions(tmp_path: Path) -> None:
    old = os.umask(0o022)
    try:
        put(FileStore(tmp_path / "root"), "a")
    finally:
        os.umask(old)
    assert (tmp_path / "root/a").stat().st_mode & 0o777 == 0o644


def test_missing_parents_of_the_root_are_created(tmp_path: Path) -> None:
    put(FileStore(tmp_path / "a/b/root"), "key")
    assert (tmp_path / "a/b/root/key").is_file()


def test_a_root_that_is_a_file_is_refused_by_every_request(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.write_text("mine")
    store = FileStore(root)
    for request in (
        lambda: put(store, "a"),
        lambda: store.get("a"),
        lambda: store.head("a"),
        lambda: keys(store),
    ):
        with pytest.raises(StorageError, match="is a file, not a folder"):
            request()
    assert root.read_text() == "mine"


def test_a_root_below_a_file_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(StorageError) as caught:
        put(FileStore(tmp_path / "file/root"), "a")
    assert caught.value.fix


def test_an_object_below_an_object_is_a_storage_error(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "root")
    put(store, "a")
    with pytest.raises(StorageError, match="a part of the path is a file"):
        put(store, "a/b")
    put(store, "folder/b")
    with pytest.raises(StorageError, match="a folder has the name of an object"):
        put(store, "folder")
    assert keys(store) == ["a", "folder/b"]


def test_links_are_neither_listed_nor_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("secret")
    store = FileStore(tmp_path / "root")
    put(store, "a")
    (tmp_path / "root/link").symlink_to(outside)
    (tmp_path / "root/file-link").symlink_to(outside / "secret")
    assert keys(store) == ["a"]
    assert keys(store, "link/") == []
    for request in (store.get, store.head, lambda key: put(store, f"{key}2"), store.delete):
        with pytest.raises(StorageError, match="does not follow links"):
            request("link/secret")
    with pytest.raises(ObjectNotFoundError):
        store.get("file-link")
    assert not put(store, "file-link")
    assert [path.name for path in outside.iterdir()] == ["secret"]


def test_a_root_that_is_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "root").symlink_to(tmp_path / "disk")
    put(FileStore(tmp_path / "root"), "a")
    assert keys(FileStore(tmp_path / "disk")) == ["a"]


def test_an_invalid_file_name_is_a_clear_error(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "root")
    put(store, "a")
    (tmp_path / "root" / os.fsdecode(b"\xff\xfe")).write_text("x")
    with pytest.raises(StorageError, match="not valid UTF-8"):
        keys(store)


def test_a_full_disk_is_a_storage_error_and_leaves_no_partial_file(tmp_path: Path) -> None:
    with mounted_disk(tmp_path / "disk", "size=256k") as disk:
        store = FileStore(disk / "root")
        put(store, "small", b"1" * 1000)
        with pytest.raises(StorageError, match="No space left") as caught:
            put(store, "large", b"2" * 1_000_000)
        assert "free space" in caught.value.fix
        assert all_files(disk) == [disk / "root/small"]
        assert put(store, "small2", b"3" * 1000)


def test_a_read_only_disk_is_a_storage_error(tmp_path: Path) -> None:
    with mounted_disk(tmp_path / "disk", "ro") as disk:
        with pytest.raises(StorageError, match="Read-only") as caught:
            put(FileStore(disk / "root"), "a")
        assert "read-only" in caught.value.fix


def test_a_disk_without_hard_links_is_a_storage_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refuse)
    with pytest.raises(StorageError, match="hard links"):
        put(FileStore(tmp_path / "root"), "a")
    assert all_files(tmp_path) == []


def test_a_missing_local_file_is_a_storage_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="No such file"):
        FileStore(tmp_path / "root").put_new("a", tmp_path / "gone", sha256="0" * 64)
    assert all_files(tmp_path) == []


def killed_writer(root: Path, fifo: Path, kind: str) -> None:
    """A process that is killed when it has written a part of the object `a`."""
    os.mkfifo(fifo)
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(root), str(fifo), kind])
    with fifo.open("wb") as stream:
        stream.write(b"half" * 1_000_000)
        stream.flush()
        wait_until(lambda: written_by(writer.pid) > 1_000_000, "bytes arrive")
        writer.send_signal(signal.SIGKILL)
        writer.wait(10)


def written_by(pid: int) -> int:
    """Bytes that a process has written."""
    (line,) = (
        line
        for line in Path(f"/proc/{pid}/io").read_text().splitlines()
        if line.startswith("wchar")
    )
    return int(line.split()[1])


@pytest.mark.slow
def test_a_killed_writer_leaves_nothing_where_files_need_no_name(tmp_path: Path) -> None:
    root = tmp_path / "root"
    killed_writer(root, tmp_path / "fifo", "nameless")
    assert list(root.iterdir()) == []


@pytest.mark.slow
def test_a_killed_writer_leaves_no_object_and_its_leftover_is_deleted_later(tmp_path: Path) -> None:
    root = tmp_path / "root"
    killed_writer(root, tmp_path / "fifo", "named")
    (leftover,) = all_files(root)
    assert leftover.parent == root / TEMPORARY
    store = FileStore(root)
    assert keys(store) == []
    assert store.head("a") is None
    assert put(store, "b")
    assert leftover.exists(), "a fresh file may belong to a writer that lives"
    os.utime(leftover, (0, leftover.stat().st_mtime - LEFTOVER_SECONDS - 60))
    assert put(FileStore(root), "a", b"whole")
    assert not leftover.parent.exists()
    assert store.get("a") == b"whole"


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_listing_equals_the_sorted_keys_with_prefix_and_after(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    root = tmp_path_factory.mktemp("listing")
    there: list[str] = []
    for key in sorted(data.draw(st.sets(KEYS, max_size=8))):
        if not any(key.startswith(f"{other}/") for other in there):
            write_tree(root, {key: b""})
            there.append(key)
    there.sort(key=str.encode)
    near = st.sampled_from(["", *there]).flatmap(
        lambda key: st.integers(0, len(key)).map(lambda length: key[:length])
    )
    prefix, after = data.draw(near | NAMES), data.draw(near | NAMES)
    store = FileStore(root)
    assert keys(store) == there
    assert keys(store, after=after) == [key for key in there if key > after]
    assert keys(store, prefix) == [key for key in there if key.startswith(prefix)]
    assert keys(store, prefix, after) == [k for k in there if k.startswith(prefix) and k > after]


def test_head_returns_the_digest_of_the_present_bytes(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "root")
    put(store, "a", b"as written")
    (tmp_path / "root/a").write_bytes(b"damaged")
    info = store.head("a")
    assert info is not None
    assert info.sha256 == hashlib.sha256(b"damaged").hexdigest()
