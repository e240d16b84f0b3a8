"""Run added generator repositories through vrdata and compare with their own plain run.

    python -m benchmarks.equality HOME [NAME…] [--samples N] [--timeout SECONDS]

HOME is a folder of added generators (`vrdata generators add --home HOME …`). vrdata generates one
block of N samples with `video: asIs`; then the repository's own script generates the same samples
with the seed of the block. Equal means: the same PNG pixels, and the same bytes of the videos, the
prompts and every other file; in metadata.json the repository's own fields, except time stamps.
A repository whose plain run differs each time (unseeded or hash-based
randomness) is reported as such: there is nothing to compare with.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageChops

from vrdata_child.sample.names import stored_name

VOLATILE = "timestamp"
TIMEOUT_SECONDS = 600


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
    catalogue = json.loads((arguments.home / "catalogue.json").read_text())
    print(
        "| repository | samples | seconds | peak MiB | bytes | files |\n|---|---|---|---|---|---|"
    )
    different = False
    for entry in catalogue["generators"]:
        if arguments.names and entry["name"] not in arguments.names:
            continue
        with tempfile.TemporaryDirectory() as scratch:
            compared = compare(arguments.home.absolute(), entry, arguments.samples, Path(scratch))
        print(compared.row(), flush=True)
        different = different or bool(compared.different)
    return int(different)


def compare(home: Path, entry: dict[str, Any], samples: int, scratch: Path) -> Compared:
    """Generate one block both ways and compare it file by file."""
    seconds, peak, made = _through_vrdata(home, entry, samples, scratch)
    seed = json.loads((made[0] / "metadata.json").read_text())["generation"]["seed"]
    plain = _plain(home, entry, samples, seed, scratch / "plain")
    files, different = _differences(made, plain)
    if different:
        again = _plain(home, entry, samples, seed, scratch / "again")
        if _differences(plain, again)[1]:
            different = ["its plain run does not repeat itself", *different]
    size = sum(path.stat().st_size for folder in made for path in folder.iterdir())
    return Compared(entry["name"], len(made), seconds, peak, size, files, tuple(different))


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


def _through_vrdata(
    home: Path, entry: dict[str, Any], samples: int, scratch: Path
) -> tuple[float, int, list[Path]]:
    run = {
        "apiVersion": "vrdata.dev/v1alpha1",
        "kind": "GenerationRun",
        "metadata": {"name": "equality"},
        "spec": {
            "generators": [{"name": entry["name"], "samples": samples, "blockSize": samples}],
            "output": {"format": "files", "video": "asIs"},
        },
    }
    (scratch / "run.yaml").write_text(json.dumps(run))
    out = scratch / "out"
    command = [sys.executable, "-m", "vrdata.cli.main", "run", str(scratch / "run.yaml"), "--local"]
    command += ["--out", str(out), "--generators", str(home), "--jobs", "1"]
    start = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{entry['name']}: vrdata run ended with {process.returncode}")
    made = sorted(path.parent for path in out.rglob("metadata.json"))
    return time.monotonic() - start, usage.ru_maxrss * 1024, made


def _plain(home: Path, entry: dict[str, Any], samples: int, seed: int, out: Path) -> list[Path]:
    root, flags = home / entry["path"], entry["flags"]
    with tempfile.TemporaryDirectory() as temporary:
        subprocess.run(
            [
                *(home / entry["python"], root / "examples" / "generate.py"),
                *(flags["samples"], str(samples), flags["output"], out),
                *(flags["seed"], str(seed)),
            ],
            cwd=root,
            env=os.environ | {"TMPDIR": temporary},
            stdout=subprocess.DEVNULL,
            timeout=TIMEOUT_SECONDS,
            check=True,
        )
    return sorted(path.parent for path in out.rglob("prompt.txt"))


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
        own = json.loads(json.loads(ours.read_text())["generator_metadata"])
        plain = json.loads(theirs.read_text())
        plain.pop(VOLATILE, None)
        return bool(own == plain)
    if ours.suffix == ".txt":
        return ours.read_text() == theirs.read_text()
    return ours.read_bytes() == theirs.read_bytes()


if __name__ == "__main__":
    sys.exit(main())
