"""`Image.save` in a generator child: every mode keeps its pixels, and its bytes are the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vrdata_child.encoders import png
from vrdata_child.sample import media

MODES = ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"]


def picture(mode: str) -> Image.Image:
    """A gradient with colours, in any mode."""
    across, down = np.meshgrid(np.arange(48), np.arange(32))
    pixels = np.stack([across * 5, down * 7, across + down, across * 2 + 100], axis=2)
    image = Image.fromarray(pixels.astype(np.uint8))
    return image.convert("L").convert(mode) if mode == "I;16" else image.convert(mode)


@pytest.mark.usefixtures("redirected")
@pytest.mark.parametrize("mode", MODES)
def test_saved_pictures_decode_to_their_pixels(tmp_path: Path, mode: str) -> None:
    image = picture(mode)
    image.save(tmp_path / "picture.png")
    with Image.open(tmp_path / "picture.png") as found:
        assert found.mode == mode
        assert np.array_equal(np.asarray(found), np.asarray(image))
        assert found.convert("RGBA").tobytes() == image.convert("RGBA").tobytes()


@pytest.mark.usefixtures("redirected")
@pytest.mark.parametrize("mode", MODES)
def test_every_mode_goes_through_the_fast_encoder(tmp_path: Path, mode: str) -> None:
    image = picture(mode)
    image.save(tmp_path / "picture.png", optimize=True, compress_level=9, compress_type=2)
    rawmode = {"I;16": "I;16B"}.get(mode, mode)
    assert png.image_stream(image.im, rawmode) in (tmp_path / "picture.png").read_bytes()


@pytest.mark.usefixtures("redirected")
def test_transparent_colours_are_kept(tmp_path: Path) -> None:
    picture("RGB").save(tmp_path / "picture.png", transparency=(0, 0, 0))
    with Image.open(tmp_path / "picture.png") as found:
        assert found.info["transparency"] == (0, 0, 0)


@pytest.mark.usefixtures("redirected")
def test_other_formats_are_written_by_pillow(tmp_path: Path) -> None:
    picture("RGB").save(tmp_path / "picture.bmp")
    with Image.open(tmp_path / "picture.bmp") as found:
        assert found.format == "BMP"


@pytest.mark.usefixtures("redirected")
@pytest.mark.parametrize("mode", MODES)
def test_the_pixel_hash_is_that_of_the_decoded_file(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "picture.png"
    picture(mode).save(path)
    with Image.open(path) as found:
        assert media.check_png(path) == media.pixel_hash(found)
