"""The picture that is updated where frames differ equals the converted whole frame."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from vrdata_child.encoders.yuv import BGR, RGBX, YuvFrame

Pixels = NDArray[np.uint8]
SIZES = [(2, 2), (64, 64), (66, 34), (200, 300), (130, 2), (640, 258)]


def planes(yuv: YuvFrame) -> list[Pixels]:
    return [np.array(plane) for plane in yuv._planes]


def show(yuv: YuvFrame, frame: Pixels) -> bool:
    return yuv.show(np.ascontiguousarray(frame).ctypes.data)


def whole(frame: Pixels, pixels: str, layout: int) -> list[Pixels]:
    yuv = YuvFrame(frame.shape[1], frame.shape[0], pixels, layout)
    show(yuv, frame)
    return planes(yuv)


def frames(size: tuple[int, int], layout: int) -> list[Pixels]:
    """Noise, in which a box of any place and size changes from frame to frame."""
    rng = np.random.default_rng(size[0] * 1000 + size[1])
    frame = rng.integers(0, 256, (size[1], size[0], layout), np.uint8)
    made = [frame]
    for _ in range(12):
        left, right = sorted(rng.integers(0, size[0] + 1, 2))
        top, bottom = sorted(rng.integers(0, size[1] + 1, 2))
        frame = frame.copy()
        frame[top:bottom, left:right] ^= rng.integers(0, 256, layout, np.uint8)
        made.append(frame)
    return made


@pytest.mark.parametrize("size", [*SIZES, (65, 33), (1, 7), (333, 129)])
@pytest.mark.parametrize("layout", [RGBX, BGR])
def test_an_updated_picture_equals_the_converted_frame(size: tuple[int, int], layout: int) -> None:
    pixels = "yuv420p" if size in SIZES else "yuv444p"
    yuv = YuvFrame(*size, pixels, layout)
    for frame in frames(size, layout):
        show(yuv, frame)
        for found, expected in zip(planes(yuv), whole(frame, pixels, layout), strict=True):
            assert np.array_equal(found, expected)


@pytest.mark.parametrize("layout", [RGBX, BGR])
def test_only_a_frame_that_differs_changes_the_picture(layout: int) -> None:
    frame = frames((200, 300), layout)[0]
    yuv = YuvFrame(200, 300, "yuv420p", layout)
    assert show(yuv, frame)
    assert not show(yuv, frame.copy())
    for row, column in ((0, 0), (299, 199), (150, 64)):
        frame[row, column, 1] ^= 1
        assert show(yuv, frame)
        assert not show(yuv, frame)


@pytest.mark.parametrize("size", [(200, 300), (65, 33)])
def test_a_frame_that_differs_in_the_fourth_byte_only_is_equal(size: tuple[int, int]) -> None:
    """Pillow leaves what was in memory there, for example in `convert` with a matrix."""
    frame = frames(size, RGBX)[0]
    yuv = YuvFrame(*size, "yuv420p" if size[0] % 2 == 0 else "yuv444p", RGBX)
    assert show(yuv, frame)
    frame[:, :, 3] ^= 0x55
    assert not show(yuv, frame)
    frame[:, :, 3] ^= 0x55
    frame[-1, -1, 2] ^= 1
    assert show(yuv, frame)


@pytest.mark.parametrize("pixels", ["yuv420p", "yuv444p"])
def test_both_layouts_give_the_same_picture(pixels: str) -> None:
    bgr = frames((66, 34), BGR)[0]
    rgbx = np.dstack([bgr[:, :, ::-1], bgr[:, :, 0]])
    for one, other in zip(whole(bgr, pixels, BGR), whole(rgbx, pixels, RGBX), strict=True):
        assert np.array_equal(one, other)


@pytest.mark.parametrize("pixels", ["yuv420p", "yuv444p"])
@pytest.mark.parametrize(
    ("colour", "expected"),
    [((0, 0, 0), (16, 128, 128)), ((255, 255, 255), (235, 128, 128)), ((255, 0, 0), (82, 90, 240))],
)
def test_colours_are_those_of_bt_601_in_limited_range(
    pixels: str, colour: tuple[int, int, int], expected: tuple[int, int, int]
) -> None:
    frame = np.full((34, 66, 4), (*colour, 9), np.uint8)
    for plane, value in zip(whole(frame, pixels, RGBX), expected, strict=True):
        assert np.abs(plane.astype(int) - value).max() <= 1


def test_a_chroma_value_is_that_of_the_mean_of_its_four_pixels() -> None:
    frame = np.random.default_rng(3).integers(0, 256, (8, 8, 4), np.uint8)
    mean = (frame.reshape(4, 2, 4, 2, 4).astype(int).sum(axis=(1, 3)) + 2) // 4
    doubled = mean.astype(np.uint8).repeat(2, axis=0).repeat(2, axis=1)
    for found, expected in zip(
        whole(frame, "yuv420p", RGBX)[1:], whole(doubled, "yuv420p", RGBX)[1:], strict=True
    ):
        assert np.array_equal(found, expected)
