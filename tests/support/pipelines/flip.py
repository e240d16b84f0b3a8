"""A repository that flips each picture of `raw/`: a class with a loop of its own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from vrdata_child.encoders.h264 import VideoEncoder

_GENERATE = """\
import argparse, sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))
from src.pipeline import TaskPipeline

parser = argparse.ArgumentParser()
parser.add_argument("--num-samples", type=int, default=800)
parser.add_argument("--output", default="data/questions")
args = parser.parse_args()
print(len(TaskPipeline(args.num_samples, args.output).run()), "samples")
"""
_PIPELINE = """\
import json
import os
from pathlib import Path

from PIL import Image, ImageOps


class Sample:
    def __init__(self, task_id, first, final, about):
        self.task_id, self.first, self.final, self.about = task_id, first, final, about


class TaskPipeline:
    def __init__(self, count, output):
        self.count, self.output = count, Path(output)

    def items(self):
        yield from sorted(Path("raw").rglob("*.png"))[: self.count]

    def process_sample(self, path, idx):
        image = Image.open(path).convert("RGB")
        if image.getextrema() == ((255, 255),) * 3:
            os.abort()
        if image.getbbox() is None:
            print(f"  [skip] {path.name}: black")
            return None
        return Sample(f"flip_{idx:05d}", image, ImageOps.mirror(image), {"source": path.name})

    def write_sample(self, sample):
        folder = self.output / "flip_task" / sample.task_id
        folder.mkdir(parents=True, exist_ok=True)
        sample.first.save(folder / "first_frame.png")
        sample.final.save(folder / "final_frame.png")
        (folder / "prompt.txt").write_text("Mirror the picture.")
        (folder / "metadata.json").write_text(json.dumps(sample.about))

    def run(self):
        samples = []
        for idx, path in enumerate(self.items()):
            sample = self.process_sample(path, idx)
            if sample is not None:
                self.write_sample(sample)
                samples.append(sample)
        return samples
"""


def write_repository(folder: Path) -> Path:
    """Write the repository; returns its folder."""
    for name, text in (
        ("examples/generate.py", _GENERATE),
        ("src/__init__.py", ""),
        ("src/pipeline.py", _PIPELINE),
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def write_pictures(
    folder: Path, count: int, *, black: tuple[int, ...] = (), white: tuple[int, ...] = ()
) -> Path:
    """Write pictures of 32 x 32 pixels.

    Args:
        folder: for the pictures.
        count: how many.
        black: those that the repository skips.
        white: those that end its process.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        random = np.random.default_rng(number)
        pixels = random.integers(1, 255, (32, 32, 3), dtype=np.uint8)
        if number in white:
            pixels[:] = 255
        Image.fromarray(pixels * (number not in black)).save(folder / f"{number:03d}.png")
    return folder


def write_clip(path: Path) -> None:
    """Write a video of three frames."""
    path.parent.mkdir(exist_ok=True)
    encoder = VideoEncoder(path, 32, 32, 8.0)
    for shade in (20, 90, 160):
        encoder.add(Image.new("RGB", (32, 32), (shade, shade, 0)))
    encoder.close()
