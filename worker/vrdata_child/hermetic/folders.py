"""Find the sample folders that a generator has written."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

MAX_DEPTH = 4
_TRAILING_NUMBER = re.compile(r"(\d+)\D*$")


@dataclass(frozen=True)
class SampleFolder:
    """A folder with a sample's files: `{domain}_task/{id}/`."""

    path: Path
    domain: str

    @property
    def order(self) -> tuple[bool, int, str]:
        """Sort key: the last number of the name; names without a number come last."""
        match = _TRAILING_NUMBER.search(self.path.name)
        return (match is None, int(match.group(1)) if match else 0, self.path.name)


def find_samples(out: Path) -> list[SampleFolder]:
    """All folders below `out` that contain files, in sample order. Links are not followed."""
    found: list[SampleFolder] = []
    _search(out, out, MAX_DEPTH, found)
    return sorted(found, key=lambda folder: folder.order)


def _search(out: Path, folder: Path, depth: int, found: list[SampleFolder]) -> None:
    with os.scandir(folder) as scan:
        entries = sorted(scan, key=lambda entry: entry.name)
    if folder != out and any(not entry.is_dir(follow_symlinks=False) for entry in entries):
        found.append(SampleFolder(folder, folder.parent.name.removesuffix("_task")))
        return
    for entry in entries:
        if depth and entry.is_dir(follow_symlinks=False):
            _search(out, Path(entry.path), depth - 1, found)
