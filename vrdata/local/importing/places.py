"""Where an import writes: the folder of the user, and the run beside it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from vrdata.errors import UsageError

STATE = ".vrdata"
"""The folder beside the output in which the runs of imports are stored."""


@dataclass(frozen=True, slots=True)
class Places:
    """The folders of an import.

    Attributes:
        output: where the samples are.
        runs: the store of the runs whose samples they are.
        records: copies of the files that describe the output, as they were written.
        partial: samples that are being laid out; on the disk of `output`.
    """

    output: Path
    runs: Path
    records: Path
    partial: Path


def places_of(output: str) -> Places:
    """The folders of an import to a folder.

    Raises:
        UsageError: the output is not a folder.
    """
    if not output.strip():
        raise UsageError("--output is empty", fix="name a folder with --output")
    if "://" in output:
        raise UsageError(
            "--output is a URL, not a folder",  # it is not shown: it can have credentials
            why="sample folders are written to a disk",
            fix="import to a folder and upload it (vrdata upload FOLDER URL), or add "
            "--format webdataset to write the data of a run",
        )
    path = Path(os.path.abspath(output))  # noqa: PTH100 - resolve() would follow links
    if not path.name:
        raise UsageError(f"{output} cannot be the output", fix="name a folder in it")
    state = path.parent / STATE / path.name
    for place in (path, state):
        _require_folder(place)
    return Places(path, state / "runs", state / "records", path / f"{STATE}-partial")


def _require_folder(path: Path) -> None:
    """Raise UsageError if the path, or what is above it, exists and is not a folder."""
    there = next(one for one in (path, *path.parents) if os.path.lexists(one))
    if there.is_dir():
        return
    what = "a broken link" if there.is_symlink() else "a file"
    raise UsageError(f"{there} is {what}, not a folder", fix="name another folder with --output")
