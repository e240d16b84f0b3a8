"""`Image.save` in a generator child: every mode keeps its pixels, and its bytes are the same."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vrdata_child.encoders.png import encode_png
from vrdata_child.patches import redirect
from vrdata_child.sample import media

MODES = ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"]


@pytest.fixture
def redirected() -> Iterator[None]:
    """Pillow patched as in a generator child, during a test."""
    original = Image.Image.save
    redirect._redirect_png()
    yield
    Image.Image.save = original  # type: ignore[method-assign]


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
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
def test_common_modes_go_through_the_fast_encoder(tmp_path: Path, mode: str) -> None:
    picture(mode).save(tmp_path / "picture.png", optimize=True, compress_level=9)
    assert (tmp_path / "picture.png").read_bytes() == encode_png(picture(mode))


@pytest.mark.usefixtures("redirected")
def test_transparent_colours_are_kept(tmp_path: Path) -> None:
    picture("RGB").save(tmp_path / "picture.png", transparency=(0, 0, 0))
    with Image.open(tmp_path / "picture.png") as found:
        assert found.info["transparency"] == (0, 0, 0)


@pytest.mark.usefixtures("redirected")
def test_a_picture_saved_to_memory_equals_one_saved_to_a_file(tmp_path: Path) -> None:
    body = io.BytesIO()
    picture("RGB").save(body, format="png")
    picture("RGB").save(str(tmp_path / "picture.PNG"))
    assert body.getvalue() == (tmp_path / "picture.PNG").read_bytes()


@pytest.mark.usefixtures("redirected")
def test_other_formats_are_written_by_pillow(tmp_path: Path) -> None:
    picture("RGB").save(tmp_path / "picture.bmp")
    with Image.open(tmp_path / "picture.bmp") as found:
        assert found.format == "BMP"


@pytest.mark.usefixtures("redirected")
def test_the_remembered_pixel_hash_is_that_of_the_decoded_file(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    picture("RGBA").save(path)
    remembered = media.check_png(path, hashlib.sha256(path.read_bytes()).hexdigest())
    assert remembered == media.check_png(path, "not remembered")
