"""Pictures to encode: of the first-party generators at 1024 x 1024, and noise."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PIL import Image

from vrdata_generators.api import sample_rng
from vrdata_generators.builtin.catalogue import builtin_names
from vrdata_generators.registry import get_generator

SIZE = 1024
FRAMES = 48
SEED = 7


def flat_videos() -> Iterator[tuple[str, list[Image.Image]]]:
    """(generator, frames) of a sample of each first-party generator, SIZE wide and high."""
    for name in builtin_names():
        generator = get_generator(name)
        params = generator.params(sample_rng(SEED, 0), 0)
        params["size"] = SIZE
        yield name, list(generator.render(params).frames)[:FRAMES]


def flat_pictures() -> Iterator[tuple[str, Image.Image]]:
    """(generator, first frame) of each first-party generator."""
    for name, frames in flat_videos():
        yield name, frames[0]


def noisy_video(frames: int = FRAMES) -> list[Image.Image]:
    """A gradient with new noise in every frame."""
    return [noisy_picture(number) for number in range(frames)]


def noisy_picture(number: int = 0, size: int = SIZE) -> Image.Image:
    """A gradient with noise of standard deviation 12; equal numbers give equal pictures."""
    across, down = np.meshgrid(np.linspace(0, 200, size), np.linspace(0, 200, size))
    clean = np.stack([across, down, (across + down) / 2], axis=2)
    noise = np.random.default_rng(number).normal(0, 12, clean.shape)
    return Image.fromarray(np.clip(clean + noise, 0, 255).astype(np.uint8))
