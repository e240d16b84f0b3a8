"""Convert frames to YUV, only the part that differs from the previous frame.

In a drawing, a small part of the picture moves. Equal rows are found by comparing memory; of the
others, the columns that changed are converted by OpenCV's integer arithmetic (BT.601, limited
range). With 4:2:0, each chroma value is that of the mean of its four pixels. A pixel's result does
not depend on what else changed, so it equals that of converting whole frames (there is a test).
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

BAND = 32  # rows that are compared together; even, so that no chroma row straddles a border
STRIP = 64  # columns that are compared together; even
CHUNK = 4 * BAND  # rows that are converted together, so that they stay in the processor's cache
RGBX, BGR = 4, 3  # layouts, by their bytes per pixel
_TO_YUV = {RGBX: cv2.COLOR_RGBA2YUV_I420, BGR: cv2.COLOR_BGR2YUV_I420}
_COLOURS = np.frombuffer(b"\xff\xff\xff\0", np.uint32)  # of the four bytes of RGBX
_memcmp = ctypes.CDLL(None).memcmp
_memcmp.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)


class YuvFrame:
    """One reusable picture, updated with each frame.

    Args:
        width: pixels; even with 4:2:0.
        height: as `width`.
        pixels: `yuv420p` or `yuv444p`.
        layout: of the frames, RGBX or BGR.

    Attributes:
        picture: the converted frame.
    """

    def __init__(self, width: int, height: int, pixels: str, layout: int) -> None:
        self._size = (width, height)
        self._half = pixels == "yuv420p"
        self.layout = layout
        self._kept = np.zeros((height, width, layout), np.uint8)
        # Eight bytes are compared together where that is possible.
        self._word = np.uint64 if width * layout % 8 == 0 else np.uint8
        self._strip = STRIP * layout // np.dtype(self._word).itemsize
        self._words = self._kept.reshape(height, -1).view(self._word)
        self._first = True
        self.picture = VideoFrame(width, height, pixels)
        self._planes = [_plane(self.picture, number) for number in range(3)]
        # Only its even rows and columns are used: those that OpenCV takes chroma from.
        spread = (CHUNK, width) if self._half else (2 * CHUNK, 2 * width)
        self._spread = np.zeros((*spread, 4), np.uint8)

    def show(self, address: int) -> bool:
        """Update the picture from the pixels at `address`; returns whether a colour differs."""
        width, height = self._size
        raw: Any = (ctypes.c_ubyte * self._kept.nbytes).from_address(address)
        frame = np.frombuffer(raw, np.uint8).reshape(height, width, self.layout)
        words = frame.reshape(height, -1).view(self._word)
        changed = False
        for top, bottom in self._changed_rows(address):
            changed = changed or self._first or self._differs(frame, top, bottom)
            left, right = self._changed_columns(words, top, bottom)
            for start in range(top, bottom, CHUNK):
                rows, columns = slice(start, min(start + CHUNK, bottom)), slice(left, right)
                self._kept[rows, columns] = frame[rows, columns]
                self._convert(rows, columns)
        self._first = False
        return changed

    def _differs(self, frame: Pixels, top: int, bottom: int) -> bool:
        """Whether these rows differ in a colour; Pillow may put anything in the fourth byte."""
        if self.layout == BGR:
            return True  # what was compared has colours only
        new, old = frame.view(np.uint32), self._kept.view(np.uint32)
        bands = (slice(start, min(start + BAND, bottom)) for start in range(top, bottom, BAND))
        return any(bool(((new[rows] ^ old[rows]) & _COLOURS).any()) for rows in bands)

    def _changed_rows(self, address: int) -> Iterator[tuple[int, int]]:
        """Runs of rows that hold every difference, as (first, behind the last)."""
        width, height = self._size
        row, kept = width * self.layout, self._kept.ctypes.data
        start = -1
        for top in range(0, height, BAND):
            offset, length = top * row, min(BAND, height - top) * row
            if self._first or _memcmp(kept + offset, address + offset, length):
                start = top if start < 0 else start
            elif start >= 0:
                yield start, top
                start = -1
        if start >= 0:
            yield start, height

    def _changed_columns(self, words: NDArray[Any], top: int, bottom: int) -> tuple[int, int]:
        """The strips of these rows from the first to the last that differs."""
        width = self._size[0]
        left, right = 0, -(-width // STRIP)
        if not self._first:
            new, old = words[top:bottom], self._words[top:bottom]
            while left < right - 1 and self._equal(new, old, left):
                left += 1
            while right > left + 1 and self._equal(new, old, right - 1):
                right -= 1
        return left * STRIP, min(right * STRIP, width)

    def _equal(self, new: NDArray[Any], old: NDArray[Any], strip: int) -> bool:
        columns = slice(strip * self._strip, (strip + 1) * self._strip)
        return np.array_equal(new[:, columns], old[:, columns])

    def _convert(self, rows: slice, columns: slice) -> None:
        box = self._kept[rows, columns]
        height, width = box.shape[:2]
        if self._half:
            luma = cv2.cvtColor(box, _TO_YUV[self.layout])[:height]
            small: Any = cv2.resize(box, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
            yuv = self._chroma(small)
            rows = slice(rows.start // 2, rows.stop // 2)
            half = slice(columns.start // 2, columns.stop // 2)
            self._planes[0][2 * rows.start : 2 * rows.stop, columns] = luma
            self._set_chroma(yuv, rows, half)
            return
        yuv = self._chroma(box)
        self._planes[0][rows, columns] = yuv[: 2 * height : 2, ::2]
        self._set_chroma(yuv, rows, columns)

    def _chroma(self, colours: Pixels) -> Pixels:
        """The I420 picture whose chroma is that of these pixels."""
        if self.layout == BGR:
            colours = np.asarray(cv2.cvtColor(colours, cv2.COLOR_BGR2RGBA))
        height, width = colours.shape[:2]
        spread = self._spread[: 2 * height, : 2 * width]
        spread[::2, ::2].view(np.uint32)[...] = np.ascontiguousarray(colours).view(np.uint32)
        return np.asarray(cv2.cvtColor(spread, cv2.COLOR_RGBA2YUV_I420))

    def _set_chroma(self, yuv: Pixels, rows: slice, columns: slice) -> None:
        height, width = rows.stop - rows.start, columns.stop - columns.start
        chroma = yuv[2 * height :].reshape(2, height, width)
        for plane, values in zip(self._planes[1:], chroma, strict=True):
            plane[rows, columns] = values


def _plane(picture: VideoFrame, number: int) -> Pixels:
    plane = picture.planes[number]
    memory: Any = plane  # a buffer, although its annotations do not say so
    rows: Pixels = np.frombuffer(memory, np.uint8)
    return rows.reshape(plane.height, plane.line_size)[:, : plane.width]
