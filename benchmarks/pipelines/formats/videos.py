"""Short videos."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

_CODECS = {".avi": ("mjpeg", "yuvj420p"), ".mp4": ("libx264", "yuv420p")}


def write_video(frames: Sequence[np.ndarray], path: Path, rate: int) -> None:
    """Write RGB frames, uint8 of (height, width, 3), both even; the suffix is the format."""
    path.parent.mkdir(parents=True, exist_ok=True)
    codec, pixels = _CODECS[path.suffix]
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(codec, rate=Fraction(rate))
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = pixels
        stream.codec_context.thread_count = 1
        if codec == "libx264":
            stream.options = {"preset": "ultrafast"}
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, "rgb24")))
        container.mux(stream.encode())
