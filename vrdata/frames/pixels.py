"""From what FFmpeg decoded to arrays of RGB."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from vrdata.frames.buffers import Buffers

Frame = NDArray[np.uint8]
"""[H, W, 3] RGB."""


class ToPixels:
    """Converts decoded frames.

    Args:
        size: height and width of the result; None = those of the frame.
    """

    def __init__(self, size: tuple[int, int] | None) -> None:
        self._size = size
        self._rgb = VideoReformatter()
        self._buffers = Buffers()

    def __call__(self, frame: Any) -> Frame:
        """[H, W, 3] read-only pixels."""
        height, width = self._size or (frame.height, frame.width)
        # Many workers convert at the same time, and threads of FFmpeg do not survive a fork.
        plane: Any = self._rgb.reformat(frame, width, height, "rgb24", threads=1).planes[0]
        rows = np.frombuffer(plane, np.uint8).reshape(height, plane.line_size)
        image = self._buffers.take((height, width, 3))
        np.copyto(image.reshape(height, width * 3), rows[:, : width * 3])
        image.flags.writeable = False
        return image


def stacked(frames: Sequence[Frame | None], shape: tuple[int, int]) -> Frame:
    """[F, H, W, 3] frames; None is zero.

    Args:
        frames: of one size.
        shape: height and width if there is no frame.
    """
    first = next((frame for frame in frames if frame is not None), None)
    shape = shape if first is None else (first.shape[0], first.shape[1])
    result = np.zeros((len(frames), *shape, 3), np.uint8)
    for at, frame in enumerate(frames):
        if frame is not None:
            result[at] = frame
    return result
