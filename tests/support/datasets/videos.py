"""Encode video files of any codec, size and length."""

from __future__ import annotations

import io

import av
import numpy as np


def encoded(
    codec: str = "mpeg4",
    *,
    frames: int = 8,
    width: int = 64,
    height: int = 64,
    pixels: str = "yuv420p",
    container: str = "mp4",
) -> bytes:
    """A video of grey noise: `mpeg4` is what OpenCV calls mp4v, which browsers do not play."""
    noise = np.random.default_rng(7)
    body = io.BytesIO()
    with av.open(body, "w", format=container) as output:
        stream = output.add_stream(codec, rate=8)
        stream.width, stream.height, stream.pix_fmt = width, height, pixels
        stream.codec_context.thread_count = 1
        for _ in range(frames):
            image = noise.integers(0, 256, (height, width, 3), np.uint8)
            output.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        output.mux(stream.encode())
    return body.getvalue()
