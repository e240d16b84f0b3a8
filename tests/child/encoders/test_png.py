"""PNG: the same pixels for every reader, the same bytes everywhere."""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from PIL import Image

from vrdata_child.encoders import png
from vrdata_child.encoders.png_reading import read_png

SIDES = st.integers(1, 24)
COLOURS = {"L": 0, "RGB": 2, "RGBA": 6}
_AGAIN = """
import hashlib, sys
import numpy as np
from PIL import Image
from vrdata_child.encoders.png import image_stream

pixels = np.arange(64 * 48 * 3, dtype=np.uint8).reshape(48, 64, 3)
stream = image_stream(Image.fromarray(pixels).im, "RGB")
sys.stdout.write(hashlib.sha256(stream).hexdigest())
"""


def encoded(image: Image.Image) -> bytes:
    """A PNG file of an L, RGB or RGBA image."""
    header = (image.width, image.height, COLOURS[image.mode])
    return png.png_bytes(header, png.image_stream(image.im, image.mode))


def noisy(height: int = 64, width: int = 300) -> NDArray[np.uint8]:
    """Noise around a gradient, in colour."""
    across = np.linspace(20, 220, width)[None, :, None]
    found: NDArray[np.uint8] = (
        across + np.random.default_rng(1).normal(0, 9, (height, width, 3))
    ).astype(np.uint8)
    return found


@settings(deadline=None)
@given(
    st.sampled_from([("L", ()), ("RGB", (3,)), ("RGBA", (4,))]).flatmap(
        lambda kind: st.tuples(SIDES, SIDES).flatmap(
            lambda size: arrays(np.uint8, (*size, *kind[1])).map(lambda array: (kind[0], array))
        )
    )
)
def test_any_picture_decodes_to_its_pixels(drawn: tuple[str, NDArray[np.uint8]]) -> None:
    mode, pixels = drawn
    data = encoded(Image.fromarray(pixels))
    decoded = Image.open(io.BytesIO(data))
    assert decoded.mode == mode
    assert np.array_equal(np.asarray(decoded), pixels)
    own = read_png(data)
    assert own is not None
    assert np.array_equal(own.reshape(pixels.shape), pixels)


@pytest.mark.parametrize("height", [1, 2, 8, 87, 88, 89, 176, 400])
def test_pictures_of_several_bands_decode_to_their_pixels(height: int) -> None:
    pixels = noisy(height, 1000)
    pixels[height // 3 : height // 2] = 9
    assert np.array_equal(
        np.asarray(Image.open(io.BytesIO(encoded(Image.fromarray(pixels))))), pixels
    )


def test_a_row_longer_than_a_band_decodes_to_its_pixels() -> None:
    pixels = noisy(3, 100_000)
    assert np.array_equal(
        np.asarray(Image.open(io.BytesIO(encoded(Image.fromarray(pixels))))), pixels
    )


def test_pixels_are_equal_without_opencv(monkeypatch: pytest.MonkeyPatch) -> None:
    image = Image.fromarray(noisy())
    expected = encoded(image)
    monkeypatch.setattr(png, "cv2", None)
    assert encoded(image) == expected


def test_bytes_do_not_depend_on_the_unused_byte_of_a_pixel() -> None:
    image = Image.fromarray(noisy())
    other = Image.frombytes("RGB", image.size, image.tobytes("raw", "RGBX"), "raw", "RGBX")
    assert encoded(other) == encoded(image)


def test_equal_pictures_have_equal_bytes_in_every_process() -> None:
    pixels = np.arange(64 * 48 * 3, dtype=np.uint8).reshape(48, 64, 3)
    here = hashlib.sha256(png.image_stream(Image.fromarray(pixels).im, "RGB")).hexdigest()
    there = subprocess.run(
        [sys.executable, "-c", _AGAIN], capture_output=True, text=True, check=True, timeout=60
    )
    assert there.stdout == here


def test_pictures_of_one_size_do_not_leave_traces_in_each_other() -> None:
    first, second = (Image.new("RGB", (40, 30), shade) for shade in ("white", "black"))
    alone = encoded(second)
    encoded(first)
    assert encoded(second) == alone


def test_threads_do_not_share_their_rows() -> None:
    shades = range(0, 250, 10)
    wanted = {shade: encoded(Image.new("RGB", (200, 200), (shade, 7, 9))) for shade in shades}
    found: dict[int, bytes] = {}

    def encode(shade: int) -> None:
        found[shade] = encoded(Image.new("RGB", (200, 200), (shade, 7, 9)))

    threads = [threading.Thread(target=encode, args=(shade,)) for shade in shades]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == wanted


def pillows_size(image: Image.Image) -> int:
    """Bytes of Pillow's PNG file."""
    body = io.BytesIO()
    image.save(body, "PNG")
    return len(body.getvalue())


def drawing() -> Image.Image:
    """A picture with rectangles."""
    image = Image.new("RGB", (512, 512), "white")
    for at in range(0, 480, 40):
        image.paste((at % 255, 80, 160), (at, at // 2, at + 30, at // 2 + 60))
    return image


@pytest.mark.parametrize("image", [drawing(), Image.fromarray(noisy(300))], ids=["flat", "noisy"])
def test_the_size_is_near_pillows(image: Image.Image) -> None:
    assert len(encoded(image)) <= 1.10 * pillows_size(image)


def test_matches_are_not_searched_in_noise() -> None:
    rows = noisy().reshape(64, -1)
    assert png._strategy(lambda top, end: rows[top:end], 64, filtered=True) == 3  # Z_RLE
    flat = np.zeros_like(rows)
    assert png._strategy(lambda top, end: flat[top:end], 64, filtered=True) == 0
