"""Read a Pillow image's pixels without copying them, where this Pillow version allows it."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_POINTER = ctypes.sizeof(ctypes.c_void_p)


class Packed:
    """The RGBX bytes of an RGB image at `address`, valid while this object lives.

    Pillow keeps RGB as four bytes a pixel; the fourth one has no meaning.
    """

    __slots__ = ("_keep", "address")

    def __init__(self, image: Image.Image) -> None:
        image.load()
        address = _shared_address(image)
        if address:
            self._keep: object = image
            self.address = address
        else:
            data = np.frombuffer(image.tobytes("raw", "RGBX"), np.uint8)
            self._keep = data
            self.address = data.ctypes.data


def _shared_address(image: Image.Image) -> int:
    """Address of the first pixel, or 0 when the rows do not lie one after the other."""
    pointers = getattr(image.im, "unsafe_ptrs", None)  # until Pillow 11
    if pointers is None:
        return 0
    table = dict(pointers).get("image32", 0)
    if not table:
        return 0
    raw: Any = (ctypes.c_char * (image.height * _POINTER)).from_address(table)
    rows: NDArray[np.uintp] = np.frombuffer(raw, np.uintp)
    if image.height > 1 and not (np.diff(rows) == image.width * 4).all():
        return 0
    return int(rows[0])
