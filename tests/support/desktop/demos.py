"""What the frames of made recordings show."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from vrdata.desktop.demo.desk import Rect
from vrdata.desktop.demo.painting import CODE_BITS, code_square


def frame_number(picture: NDArray[np.uint8], screen: tuple[int, int]) -> int:
    """The number that a frame has in its corner."""

    def is_white(square: Rect) -> bool:
        x, y = square.center
        return bool(picture[y, x].mean() > 127)

    return sum(is_white(code_square(screen, bit)) << bit for bit in range(CODE_BITS))


def frames(video: Path) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """Time in milliseconds and picture of each frame, decoded from the first to the last."""
    with av.open(str(video)) as container:
        stream: Any = container.streams.video[0]
        assert stream.time_base.denominator == 1000
        for frame in container.decode(stream):
            assert frame.pts is not None
            yield frame.pts, frame.to_ndarray(format="rgb24")
