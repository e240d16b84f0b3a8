"""The pixel hash is one of the pixels, however they are read."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from PIL import Image

from vrdata_child.sample.media import check_png, pixel_hash


@pytest.mark.parametrize("size", [(1, 1), (7, 3), (640, 480), (30_001, 3), (3, 5000)])
@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "P"])
def test_it_is_that_of_size_and_rgb_pixels(
    size: tuple[int, int], mode: str, tmp_path: Path
) -> None:
    image = Image.effect_noise(size, 90).convert("RGB").convert(mode)
    digest = hashlib.sha256(f"{size[0]}x{size[1]}".encode())
    digest.update(image.convert("RGB").tobytes())
    assert pixel_hash(image) == digest.hexdigest()
    image.save(tmp_path / "a.png")
    assert check_png(tmp_path / "a.png") == digest.hexdigest()
