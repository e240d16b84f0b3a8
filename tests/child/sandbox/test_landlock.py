"""Landlock rules of each version, installed in a process of their own."""

from __future__ import annotations

import errno
import os
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from vrdata_child.sandbox import landlock
from vrdata_child.sandbox.calls import prctl
from vrdata_child.sandbox.landlock import READ, READ_DIR, WRITE, Grant, Rules

NEWEST = landlock.version()
NO_NEW_PRIVS = 38  # prctl(2)
pytestmark = pytest.mark.skipif(NEWEST == 0, reason="needs Landlock")
versions = pytest.mark.parametrize("version", range(1, min(NEWEST, 7) + 1))


def restricted(grants: list[Grant], version: int, act: Callable[[], object]) -> int:
    """The error of an action in a process with these rules; 0 = none."""
    child = os.fork()
    if child == 0:
        code = 255
        try:
            prctl(NO_NEW_PRIVS, 1)
            Rules(grants, version).restrict()
            act()
            code = 0
        except OSError as error:
            code = error.errno or 254
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """One folder that is granted, and one that is not."""
    for name in ("inside", "outside"):
        (tmp_path / name / "below").mkdir(parents=True)
        (tmp_path / name / "file").write_text("x")
    return tmp_path / "inside", tmp_path / "outside"


@versions
def test_only_granted_folders_are_read_and_written(
    version: int, folders: tuple[Path, Path]
) -> None:
    inside, outside = folders
    grants = [Grant(str(inside), READ | WRITE)]

    def met(act: Callable[[], object]) -> int:
        return restricted(grants, version, act)

    assert met((inside / "file").read_bytes) == 0
    assert met(lambda: (inside / "new").write_text("x")) == 0
    assert met((inside / "below").rmdir) == 0
    assert met((outside / "file").read_bytes) == errno.EACCES
    assert met(lambda: (outside / "new").write_text("x")) == errno.EACCES
    assert met((outside / "file").unlink) == errno.EACCES
    assert met(lambda: (inside / "link").hardlink_to(outside / "file")) == errno.EXDEV
    assert met(lambda: (inside / "file").rename(outside / "file")) in (errno.EXDEV, errno.EACCES)


@versions
def test_a_second_set_of_rules_only_takes_rights_away(
    version: int, folders: tuple[Path, Path]
) -> None:
    inside, outside = folders
    first = [Grant(str(inside), READ)]

    def again() -> None:
        Rules([Grant("/", READ | WRITE)], version).restrict()
        (outside / "file").read_bytes()

    assert restricted(first, version, again) == errno.EACCES


def test_a_file_and_a_missing_path_are_grants_too(folders: tuple[Path, Path]) -> None:
    inside, outside = folders
    grants = [Grant(str(outside / "file"), READ | WRITE), Grant(str(inside / "missing"), READ)]
    assert restricted(grants, NEWEST, (outside / "file").read_bytes) == 0
    assert restricted(grants, NEWEST, (inside / "file").read_bytes) == errno.EACCES


def test_a_folder_can_be_listed_without_its_files(folders: tuple[Path, Path]) -> None:
    inside, _ = folders
    grants = [Grant(str(inside), READ_DIR)]
    assert restricted(grants, NEWEST, lambda: list(inside.iterdir())) == 0
    assert restricted(grants, NEWEST, (inside / "file").read_bytes) == errno.EACCES


@pytest.mark.skipif(NEWEST < 6, reason="needs Linux 6.12")
@pytest.mark.parametrize(("version", "met"), [(5, 0), (6, errno.EPERM)])
def test_signals_stay_inside_since_version_6(version: int, met: int) -> None:
    parent = os.getpid()
    assert restricted([Grant("/", READ)], version, lambda: os.kill(parent, 0)) == met


@pytest.mark.parametrize(
    ("version", "size", "rights"),
    [(1, 8, 13), (2, 8, 14), (3, 8, 15), (4, 16, 15), (5, 16, 16), (6, 24, 16), (7, 24, 16)],
)
def test_a_version_is_asked_for_the_rights_that_it_has(
    version: int, size: int, rights: int
) -> None:
    handled = landlock._handled(version)
    assert handled == (1 << rights) - 1
    buffer, length = landlock._attributes(version, handled, network=False)
    assert (length, len(buffer.raw)) == (size, size)
    fields = struct.unpack(f"={size // 8}Q", buffer.raw)
    assert fields == (handled, 3, 3)[: size // 8]
