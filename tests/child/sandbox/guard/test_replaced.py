"""A folder that becomes a link while its block runs: code of an import can replace it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from vrdata_child.sandbox.guard import changing
from vrdata_child.sandbox.guard.connecting import RefusedError


def test_a_folder_that_becomes_a_link_gives_no_right_to_what_it_leads_to(tmp_path: Path) -> None:
    block, outside = tmp_path / "block", tmp_path / "outside"
    for folder in (block, outside):
        folder.mkdir()
        (folder / "file").touch()
    check(block / "file", block)
    block.rename(tmp_path / "moved")
    block.symlink_to(outside)
    with pytest.raises(RefusedError):
        check(outside / "file", block)


def check(file: Path, folder: Path) -> None:
    descriptor = os.open(file, os.O_PATH)
    try:
        changing._check(descriptor, [str(folder)], is_own=False)
    finally:
        os.close(descriptor)
