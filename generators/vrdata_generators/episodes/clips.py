"""Frames of a camera as a picture and a clip; memory holds one frame and what is encoded."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image

from vrdata_child.encoders.h264 import VideoEncoder
from vrdata_child.encoders.x264 import StreamFacts
from vrdata_generators.episodes.recording import Clip, EpisodeError
from vrdata_generators.episodes.times import Stamps

_TICK_NS = 1000  # MP4 files count microseconds here; exact times are stored beside the clip
_DEFAULT_NS = 40_000_000  # how long the last frame is shown, if there is no other


def record_clip(
    frames: Iterable[tuple[str, Image.Image]], stamps: Stamps, *, image: bool, video: bool
) -> Clip:
    """Encode the frames of a camera.

    Args:
        frames: RGB pictures with the places that they come from; read one at a time.
        stamps: [F] nanoseconds, strictly increasing.
        image: store the first one as PNG.
        video: store all as a clip.

    Raises:
        EpisodeError: a frame has another size than the first, or there are not as many as times.
    """
    pictures = _as_many(frames, len(stamps))
    place, first = next(pictures)
    picture = _png(first) if image else b""
    if not video:
        return Clip(picture, b"", stamps[:0])
    with tempfile.TemporaryDirectory(prefix="vrdata-clip-") as folder:
        path = Path(folder, "clip.mp4")
        facts = StreamFacts(time_base=Fraction(_TICK_NS, 10**9))
        rate = 1e9 / float(np.median(np.diff(stamps))) if len(stamps) > 1 else 1e9 / _DEFAULT_NS
        encoder = VideoEncoder(path, first.width, first.height, rate, facts=facts)
        shown = _shown(stamps)
        encoder.add(first, next(shown))
        for place, frame in pictures:
            if frame.size != first.size:
                raise EpisodeError(
                    f"{place}: the frame has {frame.width} x {frame.height} pixels, "
                    f"the first one {first.width} x {first.height}"
                )
            encoder.add(frame, next(shown))
        encoder.close()
        return Clip(picture, path.read_bytes(), stamps)


def _as_many(
    frames: Iterable[tuple[str, Image.Image]], times: int
) -> Iterator[tuple[str, Image.Image]]:
    number = 0
    for number, one in enumerate(frames, 1):
        if number > times:
            break
        yield one
    if number != times or not number:
        raise EpisodeError("the camera has another number of frames than of times, or none")


def _shown(stamps: Stamps) -> Iterator[tuple[int, int]]:
    """When each frame is shown and how long, in ticks from the first one; no two at one time."""
    ticks = np.rint((stamps - stamps[0]) / _TICK_NS).astype(int).tolist()
    for number in range(1, len(ticks)):
        ticks[number] = max(ticks[number], ticks[number - 1] + 1)
    last = ticks[-1] - ticks[-2] if len(ticks) > 1 else _DEFAULT_NS // _TICK_NS
    ends = [*ticks[1:], ticks[-1] + last]
    for start, end in zip(ticks, ends, strict=True):
        yield start, end - start


def _png(image: Image.Image) -> bytes:
    target = io.BytesIO()
    image.save(target, "PNG")
    return target.getvalue()
