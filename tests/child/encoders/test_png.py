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

from vrdata_child.encoders.png import can_encode, encode_png

SIDES = st.integers(1, 24)
_AGAIN = """
import hashlib, sys
import numpy as np
from PIL import Image
from vrdata_child.encoders.png import encode_png

pixels = np.arange(64 * 48 * 3, dtype=np.uint8).reshape(48, 64, 3)
sys.stdout.write(hashlib.sha256(encode_png(Image.fromarray(pixels))).hexdigest())
"""


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
    decoded = Image.open(io.BytesIO(encode_png(Image.fromarray(pixels))))
    assert decoded.mode == mode
    assert np.array_equal(np.asarray(decoded), pixels)


@pytest.mark.parametrize("mode", ["1", "P", "I", "F", "CMYK", "LA"])
def test_other_modes_are_refused(mode: str) -> None:
    image = Image.new(mode, (4, 4))
    assert not can_encode(image)
    with pytest.raises(ValueError, match=mode):
        encode_png(image)


def test_a_picture_without_pixels_is_refused() -> None:
    assert not can_encode(Image.new("RGB", (0, 5)))


def test_equal_pictures_have_equal_bytes_in_every_process() -> None:
    pixels = np.arange(64 * 48 * 3, dtype=np.uint8).reshape(48, 64, 3)
    here = hashlib.sha256(encode_png(Image.fromarray(pixels))).hexdigest()
    there = subprocess.run(
        [sys.executable, "-c", _AGAIN], capture_output=True, text=True, check=True, timeout=60
    )
    assert there.stdout == here


def test_pictures_of_one_size_do_not_leave_traces_in_each_other() -> None:
    first, second = (Image.new("RGB", (40, 30), shade) for shade in ("white", "black"))
    alone = encode_png(second)
    encode_png(first)
    assert encode_png(second) == alone


def test_threads_do_not_share_their_rows() -> None:
    shades = range(0, 250, 10)
    wanted = {shade: encode_png(Image.new("RGB", (200, 200), (shade, 7, 9))) for shade in shades}
    found: dict[int, bytes] = {}

    def encode(shade: int) -> None:
        found[shade] = encode_png(Image.new("RGB", (200, 200), (shade, 7, 9)))

    threads = [threading.Thread(target=encode, args=(shade,)) for shade in shades]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == wanted


def test_the_size_is_near_pillows_on_a_drawing() -> None:
    image = Image.new("RGB", (512, 512), "white")
    for at in range(0, 480, 40):
        image.paste((at % 255, 80, 160), (at, at // 2, at + 30, at // 2 + 60))
    body = io.BytesIO()
    image.save(body, "PNG")
    assert len(encode_png(image)) <= 1.10 * len(body.getvalue())
