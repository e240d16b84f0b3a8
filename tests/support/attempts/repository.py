"""A generator repository that makes the attempts when its flag `--attempts` is given."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from support.attempts.laptop import HOSTILE
from support.generators.repositories import write_repository

NAME = "O-hostile"
_SCRIPT = '''"""One sample, whose prompt tells what the attempts met."""

import argparse
import json
import os
import sys
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

parser = argparse.ArgumentParser()
parser.add_argument("--num-samples", type=int, required=True)
parser.add_argument("--output", default="data/questions")
parser.add_argument("--seed", type=int)
parser.add_argument("--attempts", action="store_true")
arguments = parser.parse_args()


def found():
    from hostile.refused import WAYS, not_refused, tried
    from hostile.run import results

    met = results(str(ROOT), str(Path(os.environ["TMPDIR"]).resolve().parent))
    return {way: [tried(met, way), not_refused(met, way)] for way in WAYS}


prompt = json.dumps(found()) if arguments.attempts else "Nothing was attempted."
for index in range(arguments.num_samples):
    folder = Path(arguments.output) / "hostile_task" / f"hostile_{index:08d}"
    folder.mkdir(parents=True)
    Image.new("RGB", (32, 32), "white").save(folder / "first_frame.png")
    Image.new("RGB", (32, 32), (index % 256, 0, 0)).save(folder / "final_frame.png")
    (folder / "prompt.txt").write_text(f"{index} {prompt}")
'''


def write_hostile(folder: Path) -> Path:
    """Write the repository; returns its folder, named `O-hostile`."""
    root = write_repository(folder / NAME, {"examples/generate.py": _SCRIPT})
    shutil.copytree(HOSTILE, root / "hostile", ignore=shutil.ignore_patterns("__pycache__"))
    return root


def spec(samples: int = 1) -> dict[str, Any]:
    """The part of a run that makes the attempts."""
    return {"generators": [{"name": NAME, "samples": samples, "args": ["--attempts"]}]}


def told(prompt: str) -> dict[str, tuple[int, dict[str, str]]]:
    """By way: how many attempts were made, and what those met that were not refused."""
    found = json.loads(prompt.partition(" ")[2])
    return {way: (number, open_ones) for way, (number, open_ones) in found.items()}
