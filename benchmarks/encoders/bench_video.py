"""Our H.264 against OpenCV's mp4v, from Pillow frames to a file, conversions included."""

from __future__ import annotations

import math
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np
from PIL import Image

from benchmarks.encoders.frames import flat_videos, noisy_video
from benchmarks.measure import Goal, Options, Row, cpu_seconds, interleaved, ratios
from vrdata_child.encoders.h264 import VideoEncoder

FPS = 16
CPU = Goal(1.0, at_least=False)
BYTES = Goal(0.3, at_least=False)
QUALITY = Goal(4.0, at_least=True, unit=" dB")
NOISY_BYTES = Goal(0.8, at_least=False)
NOISY_QUALITY = Goal(0.0, at_least=True, unit=" dB")


@dataclass(frozen=True)
class _Compared:
    """Ours against mp4v: ratios of CPU seconds and of bytes, and PSNR gained in dB."""

    cpu: float
    size: float
    gain: float


def rows(options: Options) -> Iterator[Row]:
    """CPU, bytes and error over six flat videos; bytes and error of a noisy one."""
    flat = [_compared(frames, options.repeats) for _, frames in flat_videos()]
    yield Row("video.cpu", "our CPU / mp4v's, six videos", CPU, tuple(one.cpu for one in flat))
    yield Row("video.bytes", "our bytes / mp4v's", BYTES, tuple(one.size for one in flat))
    yield Row("video.psnr", "our PSNR - mp4v's", QUALITY, tuple(one.gain for one in flat))
    noise = _compared(noisy_video(), 1)
    yield Row("video.bytes.noise", "our bytes / mp4v's, noise", NOISY_BYTES, (noise.size,))
    yield Row("video.psnr.noise", "our PSNR - mp4v's, noise", NOISY_QUALITY, (noise.gain,))


def _compared(frames: Sequence[Image.Image], repeats: int) -> _Compared:
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = Path(folder) / "ours.mp4", Path(folder) / "theirs.mp4"
        rounds = interleaved(
            repeats,
            lambda: cpu_seconds(lambda: encode_h264(ours, frames)),
            lambda: cpu_seconds(lambda: encode_mp4v(theirs, frames)),
        )
        return _Compared(
            statistics.median(ratios(rounds)),
            ours.stat().st_size / theirs.stat().st_size,
            psnr(ours, frames) - psnr(theirs, frames),
        )


def encode_h264(path: Path, frames: Sequence[Image.Image]) -> None:
    """Encode as a generator child does."""
    encoder = VideoEncoder(path, *frames[0].size, FPS)
    for frame in frames:
        encoder.add(frame)
    encoder.close()


def encode_mp4v(path: Path, frames: Sequence[Image.Image]) -> None:
    """Encode as generator repositories do: Pillow to array, RGB to BGR, OpenCV's mp4v."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), FPS, frames[0].size)
    for frame in frames:
        writer.write(cv2.cvtColor(np.array(frame), cv2.COLOR_RGB2BGR))
    writer.release()


def psnr(path: Path, frames: Sequence[Image.Image]) -> float:
    """Peak signal-to-noise ratio of a video's RGB frames against the originals, in dB."""
    error = 0.0
    with av.open(str(path)) as container:
        for shown, original in zip(container.decode(video=0), frames, strict=True):
            difference = shown.to_ndarray(format="rgb24").astype(np.float32) - np.asarray(original)
            error += float(np.mean(difference**2))
    return 10 * math.log10(255**2 * len(frames) / error)
