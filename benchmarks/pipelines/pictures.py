"""Made-up pictures and masks: the same for the same item."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

Array = np.ndarray


def picture(item: int, width: int = 96, height: int = 72) -> Array:
    """An RGB picture, uint8 of (height, width, 3): a gradient, a bright blob, a little noise."""
    random = np.random.default_rng([item, 1])
    across, down = np.linspace(0, 90, width), np.linspace(0, 60, height)
    gray = across[None, :] + down[:, None] + 60.0 * mask(item, width, height)
    tint = random.uniform(0.7, 1.1, 3)
    noise = random.integers(0, 12, (height, width, 1))
    return np.clip(gray[..., None] * tint + noise, 0, 255).astype(np.uint8)


def mask(item: int, width: int = 96, height: int = 72, part: int = 0) -> Array:
    """An ellipse, bool of (height, width); each part of an item has its own."""
    random = np.random.default_rng([item, part, 2])
    middle = random.uniform(0.35, 0.65, 2) * (height, width)
    radii = random.uniform(0.12, 0.25, 2) * (height, width)
    down, across = np.ogrid[:height, :width]
    distance = ((down - middle[0]) / radii[0]) ** 2 + ((across - middle[1]) / radii[1]) ** 2
    return np.asarray(distance <= 1)


def frames(item: int, count: int, width: int = 96, height: int = 72) -> list[Array]:
    """A picture that moves by two columns a frame."""
    first = picture(item, width, height)
    return [np.roll(first, 2 * at, axis=1) for at in range(count)]


def save(values: Array, path: Path) -> None:
    """Write a picture; a mask is written with 0 and 255. The suffix is its format."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = values.astype(np.uint8) * 255 if values.dtype == np.bool_ else values
    Image.fromarray(pixels).save(path)
