"""A generator whose samples differ in files, fields and types: readers that guess lose some."""

from __future__ import annotations

from pathlib import Path

from support.generators.repositories import RunningInterpreter, write_repository
from vrdata_generators.adapter.adding import Added, Adder
from vrdata_generators.adapter.home import Home
from vrdata_generators.adapter.source.locations import GeneratorSource

LATE = 7
"""Position of the first sample with another file; readers look at five."""

GENERATE = f'''"""Metadata of every shape; files that only later samples have."""

import argparse
import json
import random
from pathlib import Path

from PIL import Image

parser = argparse.ArgumentParser()
parser.add_argument("--num-samples", type=int, required=True)
parser.add_argument("--output", default="data/questions")
parser.add_argument("--seed", type=int)
arguments = parser.parse_args()
random.seed(arguments.seed)
for index in range(arguments.num_samples):
    folder = Path(arguments.output) / "shapes_task" / f"shapes_{{index:04d}}"
    folder.mkdir(parents=True)
    late = index >= {LATE}
    colour = tuple(random.randrange(256) for _ in range(3))
    Image.new("RGB", (32, 32), "white").save(folder / "first_frame.png")
    (folder / "prompt.txt").write_bytes(f"\\ufeffPaint it {{colour}}.\\r\\n".encode())
    metadata = {{
        "answer": "left" if late else None,
        "big": 2**64 + index,
        "mixed": [1, "a", None, [2.5]] if late else [],
        "number": 0.5 if late else 1,
        "object": {{"a": {{}}}} if late else {{}},
        f"only_{{index}}": True,
        "zero": -0.0,
    }}
    (folder / "metadata.json").write_text(json.dumps(metadata))
    if late:
        Image.new("RGB", (32, 32), colour).save(folder / "hint.png")
        (folder / "layout.json").write_text(json.dumps({{"big": 2**70}}))
        (folder / "grid.npy").write_bytes(b"no array")
'''


def add_awkward(folder: Path, name: str) -> Path:
    """Add the generator under a name to a new home; returns the folder for `--generators`."""
    repository = write_repository(folder / name, {"examples/generate.py": GENERATE})
    home = Home(folder / "home")
    adder = Adder(home, RunningInterpreter(), False, lambda _line: None)
    (result,) = adder.add(GeneratorSource(str(repository)))
    assert isinstance(result, Added), result.error
    return home.path
