"""Clips for tests: small, of several codecs, and one with a wrong list of key frames."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

SIZE = 48
CODECS = {
    "h264": ("libx264", "mp4", {"g": "12", "bf": "2", "sc_threshold": "0"}),
    "h264-intra": ("libx264", "mp4", {"g": "1"}),
    "h264-open": ("libx264", "mkv", {"x264-params": "keyint=8:open-gop=1:bframes=3"}),
    "mpeg4": ("mpeg4", "mp4", {"g": "12"}),
    "mpeg4-b": ("mpeg4", "avi", {"g": "10", "bf": "2"}),
    "mjpeg": ("mjpeg", "avi", {}),
    "vp9": ("libvpx-vp9", "webm", {"g": "10"}),
}


def picture(number: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """A picture with its number, a moving square and some noise."""
    image = np.zeros((SIZE, SIZE, 3), np.uint8)
    at = number * 3 % (SIZE - 12)
    image[at : at + 12, 10:30] = (255, 128, 40)
    image[:6, : number % SIZE] = 255
    return image + rng.integers(0, 30, image.shape, np.uint8)


def write_clip(path: Path, frames: int = 40, kind: str = "h264", rate: int = 20) -> Path:
    """Write a clip of so many frames; the ending of the path is that of the kind."""
    codec, ending, options = CODECS[kind]
    path = path.with_suffix(f".{ending}")
    rng = np.random.default_rng(frames)
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(codec, rate, options=options)
        stream.width = stream.height = SIZE
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.thread_count = 1
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(picture(number, rng))
            frame.pts, frame.time_base = number, Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def mark_all_as_key(path: Path) -> None:
    """Remove the list of key frames of an mp4: then all its packets are said to be key frames."""
    body = path.read_bytes()
    assert body.count(b"stss") == 1
    path.write_bytes(body.replace(b"stss", b"free"))


def sequential(path: Path) -> list[NDArray[np.uint8]]:
    """All frames, decoded from the first to the last."""
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
