"""Run added generator repositories through vrdata and compare with their own plain run.

    python -m benchmarks.equality HOME [NAME…] [--samples N]

HOME is a folder of added generators (`vrdata generators add --home HOME …`). vrdata generates one
block of N samples with `video: asIs`; then the repository's own script generates the same samples
with the seed of the block. Equal means: the same PNG pixels, and the same bytes of the videos, the
prompts and every other file; in metadata.json the repository's own fields, except timestamps.
A repository whose plain run differs each time is reported as such.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageChops

from benchmarks.repositories.ways import (
    Repository,
    plain_run,
    repositories,
    samples_of,
    vrdata_run,
)
from vrdata_child.sample.names import stored_name

VOLATILE = "timestamp"
OUTPUT = {"format": "files", "video": "asIs"}
HASHING = {"PYTHONHASHSEED": "0"}  # as vrdata sets it


@dataclass(frozen=True)
class Compared:
    """One repository's row."""

    name: str
    samples: int
    seconds: float
    peak_bytes: int
    data_bytes: int
    files: int
    different: tuple[str, ...]

    def row(self) -> str:
        """A line of the Markdown table."""
        verdict = f"all {self.files} equal" if not self.different else self.different[0]
        return (
            f"| {self.name} | {self.samples} | {self.seconds:.1f} | {self.peak_bytes / 2**20:.0f} "
            f"| {self.data_bytes:,} | {verdict} |"
        )


def main() -> int:
    """Print the table; returns 1 if a file differs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("home", type=Path)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--samples", type=int, default=6)
    arguments = parser.parse_args()
    print(
        "| repository | samples | seconds | peak MiB | bytes | files |\n|---|---|---|---|---|---|"
    )
    different = False
    for repository in repositories(arguments.home, arguments.names):
        compared = compare(arguments.home, repository, arguments.samples)
        print(compared.row(), flush=True)
        different = different or bool(compared.different)
    return int(different)


def compare(home: Path, repository: Repository, samples: int) -> Compared:
    """Generate one block both ways and compare it file by file."""
    with (
        vrdata_run(home, repository, samples, one_block=True, **OUTPUT) as (out, cost),
        plain_run(repository, samples, **HASHING) as (own, _),
    ):
        made, plain = samples_of(out), samples_of(own)
        files, different = _differences(made, plain)
        if different:
            with plain_run(repository, samples, **HASHING) as (again, _):
                if _differences(plain, samples_of(again))[1]:
                    different = ["its plain run does not repeat itself", *different]
        size = sum(path.stat().st_size for folder in made for path in folder.iterdir())
    return Compared(
        repository.name, len(made), cost.wall, cost.peak_bytes, size, files, tuple(different)
    )


def _differences(made: list[Path], plain: list[Path]) -> tuple[int, list[str]]:
    """The number of files, and the first few that differ."""
    different = [] if len(plain) == len(made) else [f"{len(made)} and {len(plain)} samples"]
    files = 0
    for ours, theirs in zip(made, plain, strict=False):
        names = {stored_name(path.name): path.name for path in theirs.iterdir()}
        names = {path.name: path.name for path in ours.iterdir()} | names
        files += len(names)
        different += [
            f"{ours.name}/{name}"
            for name, original in sorted(names.items())
            if not _equal(ours / name, theirs / original)
        ]
    return files, different


def _equal(ours: Path, theirs: Path) -> bool:
    if not theirs.exists():
        return ours.name == "metadata.json"  # always written by vrdata
    if not ours.exists():
        return False
    if ours.suffix == ".png":
        with Image.open(ours) as one, Image.open(theirs) as other:
            return one.size == other.size and not ImageChops.difference(
                one.convert("RGBA"), other.convert("RGBA")
            ).getbbox(alpha_only=False)
    if ours.name == "metadata.json":
        return bool(_own_metadata(ours) == _own_metadata(theirs))
    if ours.suffix == ".txt":
        return ours.read_text() == theirs.read_text()
    return ours.read_bytes() == theirs.read_bytes()


def _own_metadata(path: Path) -> Any:
    """What the generator wrote, in the metadata of a plain run or in vrdata's."""
    metadata = json.loads(path.read_text())
    if "generator_metadata" in metadata:
        metadata = json.loads(metadata["generator_metadata"])
    metadata.pop(VOLATILE, None)
    return metadata


if __name__ == "__main__":
    sys.exit(main())
