"""One sample as a generator writes it, before the child completes it."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from vrdata_child.sample.finish import BlockFacts


def write_sample(folder: Path, domain: str, video: str = "h264") -> BlockFacts:
    """Write a valid sample to `{folder}/out`; returns the facts of its block."""
    sample = folder / "out" / f"{domain}_task" / "x_000"
    sample.mkdir(parents=True)
    Image.new("RGB", (8, 8)).save(sample / "first_frame.png")
    (sample / "prompt.txt").write_text("Look.")
    return BlockFacts("O-1_maze", 0, 1, 0, folder, video)
