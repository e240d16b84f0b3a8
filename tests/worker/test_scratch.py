"""Scratch folders are removed with their process, however it ends, and only then."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from vrdata.store.port import StorageError
from vrdata_worker import scratch
from vrdata_worker.scratch import scratch_folder

HOLD = """
import sys
from pathlib import Path
from vrdata_worker.scratch import scratch_folder

with scratch_folder(Path(sys.argv[1])) as folder:
    (folder / "deep").mkdir()
    (folder / "deep" / "file").write_text("x")
    print(folder, flush=True)
    sys.stdin.read()
"""


@contextmanager
def holder(root: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Another process that has a scratch folder below `root`."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        try:
            yield process, Path(process.stdout.readline().strip())
        finally:
            process.kill()


def test_a_folder_is_private_empty_and_gone_at_the_end(tmp_path: Path) -> None:
    with scratch_folder(tmp_path / "new") as folder:
        assert folder.parent == tmp_path / "new"
        assert folder.stat().st_mode & 0o777 == 0o700
        assert list(folder.iterdir()) == []
        (folder / "file").write_text("x")
    assert list((tmp_path / "new").iterdir()) == []


def test_the_folder_of_a_killed_process_is_removed_by_the_next(tmp_path: Path) -> None:
    with holder(tmp_path) as (process, left):
        process.kill()
        process.wait()
        assert left.exists()
        with scratch_folder(tmp_path) as folder:
            assert not left.exists()
            assert {path.stem for path in tmp_path.iterdir()} == {folder.name}


def test_the_folder_of_a_living_process_stays(tmp_path: Path) -> None:
    with holder(tmp_path) as (process, other):
        with scratch_folder(tmp_path), scratch_folder(tmp_path):
            pass
        assert (other / "deep" / "file").exists()
        process.communicate("")
        assert list(tmp_path.iterdir()) == []


def test_a_folder_of_another_machine_on_the_same_disk_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scratch, "machine", lambda: "other")
    lock, handle = scratch._new_lock(tmp_path)
    os.close(handle)  # as if this disk did not share locks
    lock.with_suffix("").mkdir()
    monkeypatch.undo()
    with holder(tmp_path) as (process, _):
        process.communicate("")
    assert sorted(path.name for path in tmp_path.iterdir()) == [lock.stem, lock.name]


def test_a_lock_that_another_process_removed_is_created_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flock, raced = scratch.fcntl.flock, []

    def sweep_first(handle: int, mode: int) -> None:
        if not raced:
            (lock,) = tmp_path.iterdir()
            raced.append(lock)
            lock.unlink()
        flock(handle, mode)

    monkeypatch.setattr(scratch.fcntl, "flock", sweep_first)
    with scratch_folder(tmp_path) as folder:
        assert folder.with_suffix(".lock").exists()
        assert folder.with_suffix(".lock") not in raced


def test_what_cannot_be_removed_now_is_removed_by_a_later_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as busy:
        busy.setattr(scratch, "remove", lambda _folder: None)
        with scratch_folder(tmp_path) as folder:
            pass
    assert folder.exists()
    with scratch_folder(tmp_path):
        assert not folder.exists()
    assert list(tmp_path.iterdir()) == []


def test_a_disk_without_locks_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_handle: int, _mode: int) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(scratch.fcntl, "flock", refuse)
    with pytest.raises(StorageError) as caught, scratch_folder(tmp_path):
        pass
    assert caught.value.why == "No locks available"
    assert "--scratch" in caught.value.fix
    assert list(tmp_path.iterdir()) == []


def test_a_default_folder_of_another_user_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scratch.tempfile, "tempdir", str(tmp_path))
    root = scratch.default_root()
    with scratch_folder(root):
        pass
    monkeypatch.setattr(scratch, "default_root", lambda: root)
    monkeypatch.setattr(scratch.os, "getuid", lambda: 4711)
    with (
        pytest.raises(StorageError, match="cannot be used") as caught,
        scratch_folder(scratch.default_root()),
    ):
        pass
    assert caught.value.why == "it belongs to another user"
