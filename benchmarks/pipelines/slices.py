"""Compare slices of a pipeline with one walk over all of its items, in CPU per sample.

python -m benchmarks.pipelines.slices [--items 2000] [--repeats 2]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

WHOLE = "this benchmark compares it with slices"
_ROOT = Path(__file__).parents[2]


def main() -> int:
    """Print the CPU of each way, and their ratio."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--items", type=int, default=2000)
    parser.add_argument("--repeats", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        _prepare(folder, options.items)
        for repeat in range(options.repeats):
            seconds = {
                name: _cpu_of(folder, name, repeat) for name in ("script", "whole", "slices")
            }
            for name, cpu in seconds.items():
                print(f"{name}: {cpu:.1f} s of CPU, {options.items / cpu:.1f} samples/s")
            print(f"slices / whole: {seconds['whole'] / seconds['slices']:.2f} of its speed")
    return 0


def _prepare(folder: Path, items: int) -> None:
    """The data, a catalogue with a pipeline, and a run file."""
    from support.pipelines import flip

    flip.write_pictures(folder / "raw", items)
    flip.write_repository(folder / "M-flip")
    source = ("--source", f"{folder / 'raw'}=raw")
    _vrdata(folder, "generators", "add", folder / "M-flip", *source, "--home", folder / "home")
    about = {"apiVersion": "vrdata.dev/v1alpha1", "kind": "GenerationRun"}
    spec = {"generators": [{"name": "M-flip", "samples": items}]}
    run = {**about, "metadata": {"name": "flip"}, "spec": spec}
    (folder / "run.json").write_text(json.dumps(run))


def _cpu_of(folder: Path, name: str, repeat: int) -> float:
    """CPU seconds of all processes of one way."""
    before = sum(os.times()[2:4])
    if name == "script":
        out = folder / f"script-{repeat}"
        script = folder / "M-flip/examples/generate.py"
        count = str(len(list((folder / "raw").iterdir())))
        words = [sys.executable, script, "--num-samples", count, "--output", out]
        subprocess.run(words, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    else:
        _run_as(folder / "home/catalogue.json", "" if name == "slices" else WHOLE)
        where = ("--local", "--jobs", "1", "--out", folder / f"{name}-{repeat}")
        _vrdata(folder, "run", folder / "run.json", *where, "--generators", folder / "home")
    return sum(os.times()[2:4]) - before


def _vrdata(folder: Path, *words: object) -> None:
    command = [sys.executable, "-m", "vrdata.cli.main", *map(str, words)]
    done = subprocess.run(
        command, cwd=folder, env=os.environ, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(done.stderr)


def _run_as(path: Path, whole: str) -> None:
    """Change why the pipeline of a catalogue runs as a whole; "" = in slices."""
    catalogue: dict[str, Any] = json.loads(path.read_text())
    catalogue["generators"][0]["pipeline"]["whole"] = whole
    path.write_text(json.dumps(catalogue))


if __name__ == "__main__":
    sys.path.insert(0, str(_ROOT / "tests"))
    sys.exit(main())
