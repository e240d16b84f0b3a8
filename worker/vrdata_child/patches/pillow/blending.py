"""Image.blend of images that differ in a small box: blend the box, copy the rest.

A cross-fade blends the same two images for each frame. Their box is found each time, by comparing
memory from both ends: to make sure that neither image has changed would take as long.
"""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
import PIL
from PIL import Image

from vrdata_child.encoders.pixels import Packed

Box = tuple[int, int, int, int]
MAX_SHARE = 0.5  # share of the image above which blending all of it is faster
_FAST_PILLOW = 13  # it blends all of an image in the time that finding the box takes
MIN_PIXELS = 2**12  # of an image; a smaller one is blended in the time that finding the box takes
BAND = 16  # rows that are compared at once
_MODES = frozenset({"RGB", "RGBA"})  # four bytes a pixel
_memcmp = ctypes.CDLL(None).memcmp
_memcmp.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)


def install() -> None:
    """Patch Image.blend in this process, unless Pillow's own is as fast."""
    if int(PIL.__version__.split(".")[0]) < _FAST_PILLOW:
        Image.blend = faster(Image.blend)


def faster(original: Any) -> Any:
    """A replacement of Image.blend; it leaves to the original what it does not know."""

    def blend(im1: Image.Image, im2: Image.Image, alpha: float) -> Image.Image:
        usable = im1.mode == im2.mode and im1.mode in _MODES and im1.size == im2.size
        pixels = im1.width * im1.height
        if not usable or pixels < MIN_PIXELS or not 0.0 < alpha < 1.0:
            return original(im1, im2, alpha)  # type: ignore[no-any-return]
        box = differing_box(im1, im2)
        if box is None:
            return im1.copy()
        if (box[2] - box[0]) * (box[3] - box[1]) > MAX_SHARE * pixels:
            return original(im1, im2, alpha)  # type: ignore[no-any-return]
        result = im1.copy()
        result.paste(original(im1.crop(box), im2.crop(box), alpha), box)
        return result

    return blend


def differing_box(first: Image.Image, second: Image.Image) -> Box | None:
    """A box that contains all pixels that differ; None if the images are equal.

    Args:
        first: an RGB or RGBA image.
        second: an image of the same mode and size.
    """
    one, other = Packed(first), Packed(second)  # their addresses are valid only while they live
    top, bottom = _rows(one.address, other.address, first.width * 4, first.height)
    if top == bottom:
        return None
    differs = one.words()[top:bottom] != other.words()[top:bottom]
    columns = np.flatnonzero(np.logical_or.reduce(differs, axis=0))
    return int(columns[0]), top, int(columns[-1]) + 1, bottom


def _rows(one: int, other: int, stride: int, height: int) -> tuple[int, int]:
    """The bands of rows from the first to the last that differs, of images at two addresses."""

    def differ(begin: int, end: int) -> bool:
        offset = begin * stride
        return bool(_memcmp(one + offset, other + offset, (end - begin) * stride))

    top, bottom = 0, height
    while top < height and not differ(top, min(top + BAND, height)):
        top = min(top + BAND, height)
    while bottom > top and not differ(max(bottom - BAND, top), bottom):
        bottom = max(bottom - BAND, top)
    return top, bottom
