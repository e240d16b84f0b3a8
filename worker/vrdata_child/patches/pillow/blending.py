"""Image.blend of images that differ in a small box: blend the box, copy the rest.

A cross-fade blends the same two images for each frame. Their box is found each time, by comparing
memory from both ends: to make sure that neither image has changed would take as long.
"""

from __future__ import annotations

import ctypes
import functools
from typing import Any

import numpy as np
import PIL
from PIL import Image

from vrdata_child.encoders.pixels import READS_IN_PLACE, Packed

Box = tuple[int, int, int, int]
MAX_SHARE = 0.5  # share of the image above which blending all of it is faster
_FAST_PILLOW = 13  # it blends all of an image in the time that finding the box takes
MIN_PIXELS = 2**12  # of an image; a smaller one is blended in the time that finding the box takes
BAND = 16  # rows that are compared together
_MODES = frozenset({"RGB", "RGBA"})  # four bytes a pixel
_memcmp = ctypes.CDLL(None).memcmp
_memcmp.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)


def install() -> None:
    """Patch Image.blend in this process, unless Pillow's own is as fast."""
    if READS_IN_PLACE and int(PIL.__version__.split(".")[0]) < _FAST_PILLOW:
        Image.blend = faster(Image.blend)


def faster(original: Any) -> Any:
    """A replacement of Image.blend; it leaves to the original what it does not know."""

    @functools.wraps(original)
    def blend(im1: Image.Image, im2: Image.Image, alpha: float) -> Image.Image:
        if not _are_usual(im1, im2, alpha):
            return original(im1, im2, alpha)  # type: ignore[no-any-return]
        box = differing_box(im1, im2)
        if box is not None and _area(box) > MAX_SHARE * im1.width * im1.height:
            return original(im1, im2, alpha)  # type: ignore[no-any-return]
        result = im1.copy()
        if box is not None:
            result.paste(original(im1.crop(box), im2.crop(box), alpha), box)
        return result

    return blend


def _are_usual(im1: Any, im2: Any, alpha: Any) -> bool:
    """Whether the arguments are such that a box is blended as the whole images are.

    A class of the generator may change what a copy is; the mode and size of an image that comes
    from a file may change when it is loaded.
    """
    if not (type(im1) is type(im2) is Image.Image) or not isinstance(alpha, float | np.floating):
        return False
    if im1.mode != im2.mode or im1.mode not in _MODES or im1.size != im2.size:
        return False
    return bool(im1.width * im1.height >= MIN_PIXELS and 0.0 < alpha < 1.0)


def _area(box: Box) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])


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
