"""Convert RGB frames to YUV 4:2:0, only the rows that differ from the previous frame.

In a drawing, a small part of the picture moves. Equal rows are found by comparing memory, 32 rows
at a time; changed ones are converted by OpenCV's integer arithmetic (BT.601, limited range) with
each chroma value from the mean of its four pixels. A row's result does not depend on which other
rows changed, so the result equals that of converting whole frames (there is a test).
"""

from __future__ import annotations

import ctypes
from typing import Any

import cv2
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

BAND = 32  # rows; even, so that chroma rows never straddle a border
_memcmp = ctypes.CDLL(None).memcmp
_memcmp.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)


class YuvFrame:
    """One reusable picture, updated with each frame.

    Args:
        width: pixels, even.
        height: pixels, even.
    """

    def __init__(self, width: int, height: int) -> None:
        self._size = (width, height)
        self._pixels = np.zeros((height, width, 4), np.uint8)
        self._first = True
        self.picture = VideoFrame(width, height, "yuv420p")
        self._luma = _plane(self.picture, 0, width)
        self._chroma = (
            _plane(self.picture, 1, width // 2),
            _plane(self.picture, 2, width // 2),
        )

    def show(self, address: int) -> None:
        """Update the picture from width x height RGBX bytes at `address`."""
        width, height = self._size
        kept = self._pixels.ctypes.data
        for top in range(0, height, BAND):
            rows = min(BAND, height - top)
            offset, length = top * width * 4, rows * width * 4
            if self._first or _memcmp(kept + offset, address + offset, length):
                ctypes.memmove(kept + offset, address + offset, length)
                self._convert(top, rows)
        self._first = False

    def _convert(self, top: int, rows: int) -> None:
        width = self._size[0]
        band = self._pixels[top : top + rows]
        self._luma[top : top + rows] = cv2.cvtColor(band, cv2.COLOR_RGBA2YUV_I420)[:rows]
        small = cv2.resize(band, (width // 2, rows // 2), interpolation=cv2.INTER_AREA)
        doubled = cv2.resize(small, (width, rows), interpolation=cv2.INTER_NEAREST)
        chroma = cv2.cvtColor(doubled, cv2.COLOR_RGBA2YUV_I420)[rows:].reshape(2, rows // 2, -1)
        for plane, values in zip(self._chroma, chroma, strict=True):
            plane[top // 2 : (top + rows) // 2] = values


def _plane(picture: VideoFrame, number: int, width: int) -> NDArray[np.uint8]:
    plane = picture.planes[number]
    memory: Any = plane  # a buffer, although its annotations do not say so
    rows: NDArray[np.uint8] = np.frombuffer(memory, np.uint8)
    return rows.reshape(plane.height, plane.line_size)[:, :width]
