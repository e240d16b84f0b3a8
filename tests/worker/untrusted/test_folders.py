"""Nothing that the supervisor does in a block's folder follows what the block planted there."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from vrdata.dataset.formats.untrusted import FileChangedError
from vrdata_worker.failures import log_tail
from vrdata_worker.untrusted.folders import entered, entered_sample, remove, size_of, tail_of

PLANTED = "the user's secret"
DEPTH = 3000  # folders; more than Python's recursion limit and than open files


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder of the user, with a secret."""
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "log.txt").write_text(PLANTED)
    (folder / "000000").mkdir()
    (folder / "000000" / "prompt.txt").write_text(PLANTED)
    return folder


@pytest.fixture
def block(tmp_path: Path) -> Path:
    folder = tmp_path / "block"
    folder.mkdir()
    return folder


def plant(kind: str, path: Path, home: Path) -> None:
    """Make what a hostile generator makes in place of its log."""
    match kind:
        case "link":
            path.symlink_to(home / "log.txt")
        case "pipe":
            os.mkfifo(path)
        case "socket":
            with socket.socket(socket.AF_UNIX) as listening:
                listening.bind(str(path))
        case "folder":
            path.mkdir()
        case "device":
            path.symlink_to("/dev/zero")
        case "terminal":
            path.symlink_to("/dev/ptmx")
        case "loop":
            path.symlink_to(path)


@pytest.mark.parametrize(
    "kind", ["link", "pipe", "socket", "folder", "device", "terminal", "loop", "nothing"]
)
def test_a_log_that_is_not_a_regular_file_is_not_read(kind: str, block: Path, home: Path) -> None:
    plant(kind, block / "log.txt", home)
    assert log_tail(block) == ""
    assert tail_of(block / "log.txt", 100) == b""


def test_only_the_end_of_a_huge_log_is_read(block: Path) -> None:
    with (block / "log.txt").open("wb") as log:
        log.truncate(2**40)
        log.seek(0, os.SEEK_END)
        log.write(b"the end")
    assert log_tail(block).endswith("the end")
    assert tail_of(block / "log.txt", 3) == b"end"


def test_a_log_below_a_linked_folder_is_not_read(tmp_path: Path, home: Path) -> None:
    (tmp_path / "replaced").symlink_to(home)
    assert log_tail(tmp_path / "replaced") == ""
    assert size_of(tmp_path / "replaced" / "log.txt") == 0


@pytest.mark.parametrize("kind", ["link", "pipe", "loop", "nothing"])
def test_what_is_not_a_folder_cannot_be_entered(kind: str, block: Path, home: Path) -> None:
    plant(kind, block / "done", home)
    with pytest.raises(OSError, match=r"directory|exist"), entered(block / "done"):
        pass
    with pytest.raises(FileChangedError), entered_sample(block / "done" / "000000"):
        pass


def test_a_sample_below_a_link_is_not_entered(block: Path, home: Path) -> None:
    (block / "done").symlink_to(home)
    with pytest.raises(FileChangedError), entered_sample(block / "done" / "000000"):
        pass


def test_an_entered_folder_stays_the_same_when_its_path_is_replaced(
    block: Path, home: Path
) -> None:
    (block / "done").mkdir()
    (block / "done" / "log.txt").write_text("mine")
    with entered(block / "done") as folder:
        (block / "done").rename(block / "away")
        (block / "done").symlink_to(home)
        assert (folder / "log.txt").read_text() == "mine"


def test_a_link_in_place_of_a_folder_is_removed_alone(block: Path, home: Path) -> None:
    (block / "done").symlink_to(home)
    remove(block / "done")
    assert not (block / "done").is_symlink()
    assert (home / "000000" / "prompt.txt").read_text() == PLANTED


@pytest.mark.parametrize("below", ["done", "done/000000", "done/000000/deep"])
def test_a_removal_does_not_reach_through_links(below: str, block: Path, home: Path) -> None:
    place = block / below
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(home)
    remove(block / "done" / "000000")
    remove(block)
    assert not block.exists()
    assert (home / "000000" / "prompt.txt").read_text() == PLANTED
    assert (home / "log.txt").read_text() == PLANTED


def test_a_folder_below_a_linked_folder_is_not_removed(tmp_path: Path, home: Path) -> None:
    (tmp_path / "b").symlink_to(home)
    remove(tmp_path / "b" / "000000")
    assert (home / "000000" / "prompt.txt").read_text() == PLANTED


def test_everything_that_a_block_can_make_is_removed(block: Path, home: Path) -> None:
    for kind in ("link", "pipe", "socket", "folder", "device", "loop"):
        plant(kind, block / kind, home)
    os.link(home / "log.txt", block / "hard")
    closed = block / "closed" / "inner"
    closed.mkdir(parents=True)
    (closed / "file").touch()
    closed.chmod(0)
    closed.parent.chmod(0)
    (block / ("n" * 255)).mkdir()
    remove(block)
    assert not block.exists()
    assert (home / "log.txt").read_text() == PLANTED


@pytest.fixture
def deep(block: Path) -> Iterator[Path]:
    """A block with folders in folders, deeper than a path can name."""
    handle = os.open(block, os.O_PATH)
    for _ in range(DEPTH):
        os.mkdir("deep", dir_fd=handle)
        outer, handle = handle, os.open("deep", os.O_PATH, dir_fd=handle)
        os.close(outer)
    os.close(handle)
    yield block
    remove(block)


def test_folders_of_any_depth_are_removed(deep: Path) -> None:
    remove(deep)
    assert not deep.exists()


def test_removing_what_does_not_exist_is_not_an_error(tmp_path: Path) -> None:
    remove(tmp_path / "missing" / "folder")
