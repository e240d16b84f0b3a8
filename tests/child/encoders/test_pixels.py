"""Pixels are read correctly, and in place if Pillow keeps them in one block."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from PIL import Image

from vrdata_child.encoders import pixels
from vrdata_child.encoders.pixels import Packed

BLOCK = 16 * 2**20  # Pillow's memory block: larger images have several


def picture(width: int, height: int) -> Image.Image:
    values = np.random.default_rng(width).integers(0, 256, (height, width, 3))
    return Image.fromarray(values.astype(np.uint8))


@pytest.mark.parametrize("size", [(1, 1), (7, 5), (640, 480), (2100, 2100)])
def test_the_view_shows_the_pictures_pixels(size: tuple[int, int]) -> None:
    image = picture(*size)
    packed = Packed(image)
    assert np.array_equal(packed.view()[:, :, :3], np.asarray(image))


def test_pixels_in_one_piece_are_not_copied() -> None:
    image = picture(64, 48)
    packed = Packed(image)
    image.paste((1, 2, 3), (5, 4, 6, 5))
    assert packed.view()[4, 5, :3].tolist() == [1, 2, 3]


def test_a_picture_in_several_pieces_is_copied() -> None:
    image = picture(2100, 2100)
    assert image.width * image.height * 4 > BLOCK
    packed = Packed(image)
    before = packed.view()[0, 0, :3].tolist()
    image.paste(tuple(255 - value for value in before), (0, 0, 1, 1))
    assert packed.view()[0, 0, :3].tolist() == before


def test_the_view_outlives_the_picture() -> None:
    expected = np.asarray(picture(300, 200))
    packed = Packed(picture(300, 200))
    others = [picture(300, 200 + more) for more in range(20)]
    assert np.array_equal(packed.view()[:, :, :3], expected)
    assert len(others) == 20


def test_a_pillow_without_such_interfaces_is_read_by_copying(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pixels, "_row_address", lambda _image: 0)
    monkeypatch.setattr(pixels, "_arrow_address", lambda _core, **_: (0, None))
    image = picture(33, 21)
    assert np.array_equal(Packed(image).view()[:, :, :3], np.asarray(image))


def test_reading_pixels_never_warns() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # as a generator may
        Packed(picture(64, 48)).view()
        pixels.core_view(picture(64, 48).im)


def test_the_row_table_of_a_pillow_that_warns_of_it_is_not_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Core:
        @property
        def unsafe_ptrs(self) -> object:
            raise DeprecationWarning

    monkeypatch.setattr(pixels, "_HAS_POINTERS", False)
    assert pixels._row_address(Core()) == 0


def test_the_arrow_interface_is_not_asked_for_memory_of_others_if_it_crashes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    memory = np.arange(48, dtype=np.uint8).reshape(3, 4, 4)
    image = Image.frombuffer("RGBA", (4, 3), memory, "raw", "RGBA", 0, 1)
    monkeypatch.setattr(pixels, "_HAS_POINTERS", False)
    monkeypatch.setattr(pixels, "_CRASHES_ON_BORROWED", True)
    packed = Packed(image)
    assert not packed.in_place
    assert np.array_equal(packed.view(), memory)
