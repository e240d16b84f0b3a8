"""The folder of unfinished writes exists only while something is written."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from support.objects import keys, put
from vrdata.store.file import unfinished
from vrdata.store.file.store import FileStore
from vrdata.store.keys import TEMPORARY
from vrdata.store.port import DigestMismatchError, StorageError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "root"


@pytest.fixture(autouse=True, params=["nameless", "named"])
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Whether the disk allows files without a name."""
    if request.param == "named":
        monkeypatch.setattr(unfinished, "NAMELESS", 0)
    return str(request.param)


def test_finished_writes_leave_no_folder(root: Path) -> None:
    store = FileStore(root)
    assert put(store, "a")
    assert not put(store, "a")
    with pytest.raises(DigestMismatchError):
        store.put_new("b", b"body", sha256="0" * 64)
    assert [path.name for path in root.iterdir()] == ["a"]


def test_a_write_that_is_interrupted_leaves_no_folder(root: Path) -> None:
    def chunks() -> Iterator[bytes]:
        yield b"half"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        FileStore(root).put_chunks("a", chunks())
    assert list(root.iterdir()) == []


def test_concurrent_writers_share_and_remove_the_folder(root: Path) -> None:
    def write(writer: int) -> None:
        store = FileStore(root)
        for number in range(60):
            assert put(store, f"{writer}/{number}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    assert len(keys(FileStore(root))) == 8 * 60
    assert not (root / TEMPORARY).exists()


@pytest.mark.parametrize("obstacle", ["file", "dangling link"])
def test_a_folder_of_unfinished_writes_that_cannot_be_used_is_an_error_if_it_is_needed(
    root: Path, kind: str, obstacle: str
) -> None:
    root.mkdir(exist_ok=True)
    if obstacle == "file":
        (root / TEMPORARY).write_bytes(b"")
    else:
        (root / TEMPORARY).symlink_to(root / "nowhere")
    if kind == "nameless":
        assert put(FileStore(root), "a")
    else:
        with pytest.raises(StorageError):
            put(FileStore(root), "a")


def test_a_write_needs_no_name_on_this_disk(root: Path, kind: str) -> None:
    root.mkdir()
    with unfinished.Unfinished(root) as file:
        assert (root / TEMPORARY).exists() == (kind == "named")
        file.link(root / "a")
    assert [path.name for path in root.iterdir()] == ["a"]
