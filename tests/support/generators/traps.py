"""Generator repositories with one trap each, in the layout of the existing ones.

Pictures are 64 x 64 and take milliseconds. Each sample has one of eight clearly different colours;
its number is `parameters.colour`, so that a test recognises a swapped or stale video.
"""

from __future__ import annotations

from pathlib import Path

from support.generators.repositories import RunningInterpreter, write_repository
from support.generators.trap_bodies import BODIES
from vrdata_generators.adapter.adding import Added, Adder
from vrdata_generators.adapter.home import Home
from vrdata_generators.adapter.source.locations import GeneratorSource

PALETTE = [
    (r, g, b) for r in (40, 215) for g in (40, 215) for b in (40, 215)
]  # 8 corners, 175 apart

BASE = '''"""What the repositories share."""

import random

import numpy as np


class BaseGenerator:
    def __init__(self, config):
        self.config = config
        if config.random_seed is not None:
            random.seed(config.random_seed)
            np.random.seed(config.random_seed)

    def generate_dataset(self):
        pairs = []
        for number in range(self.config.num_samples):
            pairs.append(self.generate_task_pair(f"{self.config.domain}_{number:08d}"))
        return pairs
'''
WRITER = '''"""Samples as folders."""

import json
import shutil
from pathlib import Path


def write_dataset(folder, domain, pairs):
    for pair in pairs:
        target = Path(folder) / f"{domain}_task" / pair.task_id
        target.mkdir(parents=True, exist_ok=True)
        pair.first.save(target / "first_frame.png")
        pair.final.save(target / "final_frame.png")
        (target / "prompt.txt").write_text(f"Paint it {pair.colour}.")
        (target / "metadata.json").write_text(json.dumps({"parameters": {"colour": pair.colour}}))
        if pair.video:
            shutil.copy(pair.video, target / "ground_truth.mp4")
'''
VIDEO = '''"""Videos go through a folder that all runs of one machine share."""

import tempfile
from pathlib import Path

import numpy as np

try:
    import {library} as cv2
except ImportError:
    cv2 = None


def write_video(task_id, domain, frames):
    if cv2 is None:
        return None
    folder = Path(tempfile.gettempdir()) / f"{{domain}}_videos"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{{task_id}}_ground_truth.mp4"
    size = frames[0].size
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), 10, size)
    for frame in frames:
        writer.write(np.array(frame)[:, :, ::-1])
    writer.release()
    return str(path)
'''
SOURCE = '''"""A generator with one trap."""

import random
import time

import numpy as np
from PIL import Image

from core.base_generator import BaseGenerator
from core.video import write_video

PALETTE = {palette}


class Config:
    def __init__(self, num_samples, random_seed):
        self.num_samples = num_samples
        self.random_seed = random_seed
        self.domain = "{domain}"
        self.armed = False


class Pair:
    pass


class TaskGenerator(BaseGenerator):
    def generate_task_pair(self, task_id):
        return self.paint(task_id)

    def paint(self, task_id):
        pair = Pair()
        pair.task_id = task_id
        pair.colour = self.choose(task_id)
        pair.first = Image.new("RGB", (64, 64), "white")
        pair.final = Image.new("RGB", (64, 64), PALETTE[pair.colour])
        frames = [pair.final.copy() for _ in range(self.length(task_id))]
        pair.video = write_video(task_id, self.config.domain, frames)
        return pair

    def length(self, task_id):
        return 6

    def choose(self, task_id):
        return random.randrange(8)

{body}
'''
SCRIPT = '''"""Command line."""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from core.writer import write_dataset
from src import Config, TaskGenerator

parser = argparse.ArgumentParser()
parser.add_argument("--num-samples", type=int, required=True)
parser.add_argument("{output}", dest="output", default="data")
{seed}parser.add_argument("{no_video}", action="store_true")
parser.add_argument("--armed", action="store_true")
arguments = parser.parse_args()
config = Config(arguments.num_samples, getattr(arguments, "seed", None))
config.armed = arguments.armed
generator = TaskGenerator(config)
write_dataset(arguments.output, "{domain}", generator.generate_dataset())
'''
SEED = 'parser.add_argument("--seed", type=int)\n'


def write_trap(folder: Path, trap: str) -> Path:
    """Write the repository of one trap; returns its folder, named `O-{trap}`."""
    body = BODIES[trap]
    flagged = trap == "flagged"
    return write_repository(
        folder / f"O-{trap}",
        {
            "core/__init__.py": "",
            "core/base_generator.py": BASE,
            "core/writer.py": WRITER,
            "core/video.py": VIDEO.format(library="cv9" if trap == "silent" else "cv2"),
            "src/__init__.py": SOURCE.format(palette=PALETTE, domain=trap, body=body),
            "examples/generate.py": SCRIPT.format(
                domain=trap,
                output="--output-dir" if flagged else "--output",
                no_video="--no-video" if flagged else "--no-videos",
                seed="" if trap == "seedless" else SEED,
            ),
            "requirements.txt": "Pillow\nnumpy\nopencv-python\n",
        },
    )


def add_traps(folder: Path, *traps: str, proven: bool = False) -> Path:
    """A home with these traps added; returns the folder for `--generators`."""
    home = Home(folder / "home")
    adder = Adder(home, RunningInterpreter(), proven, lambda _line: None)
    for trap in traps:
        repository = write_trap(folder / "repositories", trap)
        for result in adder.add(GeneratorSource(str(repository))):
            assert isinstance(result, Added), result.error
    return home.path
