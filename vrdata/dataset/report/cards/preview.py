"""Small pictures and clips for every browser, from the untrusted files of a sample.

Small files that browsers can show are copied; pictures are scaled down, and videos are encoded
again as H.264. Equal input gives equal bytes. Threads may call these functions concurrently.
"""

from __future__ import annotations

import io
import struct
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from vrdata.dataset.manifest import VideoRecord
from vrdata.dataset.verify.sample.decode import (
    MAX_PIXELS,
    PNG_SIGNATURE,
    VIDEO_FORMATS,
    main_stream,
)

EDGE = 512
"""Longest side of a preview that is encoded again, in pixels."""

COPIED_EDGE = 1024
COPIED_PICTURE = 64 * 1024
COPIED_CLIP = 2 * 2**20
MAX_CLIP = 4 * 2**20
MAX_FRAMES = 600
WEBP_QUALITY = 85


class NoPreviewError(Exception):
    """A file cannot have a preview; the text says why."""


@dataclass(frozen=True, slots=True)
class Preview:
    """A file for the page: its bytes, its extension, and a note if it does not show everything."""

    body: bytes
    suffix: str
    note: str = ""


def picture(body: bytes) -> Preview:
    """A small PNG unchanged, or a WebP of at most EDGE pixels a side.

    Raises:
        NoPreviewError: it is not a PNG, is too large, or cannot be decoded.
    """
    if not body.startswith(PNG_SIGNATURE) or len(body) < 24:
        raise NoPreviewError("it is not a PNG image")
    # Width and height from the header (PNG specification, IHDR), before memory is allocated.
    width, height = struct.unpack(">II", body[16:24])
    if width * height > MAX_PIXELS:
        raise NoPreviewError(f"{width} x {height} pixels, at most {MAX_PIXELS}")
    if len(body) <= COPIED_PICTURE and max(width, height) <= COPIED_EDGE:
        return Preview(body, ".png")
    from PIL import Image  # noqa: PLC0415 - small pictures are copied

    try:
        with Image.open(io.BytesIO(body), formats=["PNG"]) as image:
            small = image.convert("RGBA" if image.has_transparency_data else "RGB")
    except (OSError, SyntaxError, ValueError) as error:
        raise NoPreviewError(f"it cannot be decoded: {error}") from None
    small.thumbnail((EDGE, EDGE))
    out = io.BytesIO()
    small.save(out, "WEBP", quality=WEBP_QUALITY, method=2)
    return Preview(out.getvalue(), ".webp")


def clip(body: bytes, video: VideoRecord) -> Preview:
    """A small video in H.264 4:2:0 unchanged, or the first frames of another as such a video.

    Args:
        body: the video file.
        video: its record in the commit marker.

    Raises:
        NoPreviewError: it cannot be decoded, or its preview is larger than MAX_CLIP.
    """
    if _plays(video) and len(body) <= COPIED_CLIP:
        return Preview(body, ".mp4")
    video_format = next(
        (value for end, value in VIDEO_FORMATS.items() if video.name.lower().endswith(end)), ""
    )
    if not video_format:
        raise NoPreviewError("its file name extension is unknown")
    with tempfile.TemporaryDirectory(prefix="vrdata-clip-") as folder:
        target = Path(folder) / "clip.mp4"
        notes = _encode(body, video_format, video.fps, target)
        if target.stat().st_size > MAX_CLIP:
            raise NoPreviewError(f"its preview has more than {MAX_CLIP // 2**20} MiB")
        return Preview(target.read_bytes(), ".mp4", _note(notes))


def _plays(video: VideoRecord) -> bool:
    """Whether vrdata's own encoder wrote it in the pixel format that every browser decodes."""
    return video.encoder.startswith("x264 ") and video.encoder.endswith(" yuv420p")


def _note(parts: list[str]) -> str:
    return f"the clip {' and '.join(parts)}" if parts else ""


def _encode(body: bytes, video_format: str, fps: float, target: Path) -> list[str]:
    """Write at most MAX_FRAMES frames as H.264; returns how the clip differs, as phrases."""
    import av  # noqa: PLC0415 - small videos are copied

    try:
        with av.open(io.BytesIO(body), "r", format=video_format) as container:
            stream = main_stream(container)
            stream.codec_context.thread_count = 1
            rate = fps or float(stream.average_rate or 10)
            notes, times = _encode_frames(container.decode(stream), rate, target)
            if container.streams.audio:
                notes.append("has no sound")
    except (av.error.FFmpegError, IndexError, ValueError) as error:
        raise NoPreviewError(f"it cannot be decoded: {error}") from None
    if video_format != "avi" and _uneven(times):
        notes.append("shows every frame for the same time")
    return notes


def _encode_frames(
    frames: Iterable[Any], rate: float, target: Path
) -> tuple[list[str], list[float]]:
    """How the clip differs, and the times of its frames."""
    from vrdata_child.encoders.h264 import VideoEncoder  # noqa: PLC0415 - pulls in OpenCV

    encoder = None
    notes: list[str] = []
    times: list[float] = []
    for number, frame in enumerate(frames):
        if number == MAX_FRAMES:
            notes.append(f"shows the first {MAX_FRAMES} frames")
            break
        if frame.width * frame.height > MAX_PIXELS:
            raise ValueError(f"{frame.width} x {frame.height} pixels, at most {MAX_PIXELS}")
        width, height = _even_size(frame.width, frame.height)
        shown = frame.to_image(width=width, height=height)
        if frame.rotation:
            shown = shown.rotate(frame.rotation, expand=True)
        if encoder is None:
            encoder = VideoEncoder(target, shown.width, shown.height, rate)
        encoder.add(shown)
        times.append(float(frame.time or 0))
    if encoder is None:
        raise ValueError("it has no frames")
    encoder.close()
    return notes, times


def _uneven(times: list[float]) -> bool:
    """Whether frames are shown for clearly different times."""
    steps = [after - before for before, after in pairwise(times)]
    return bool(steps) and max(steps) > 1.5 * min(steps)


def _even_size(width: int, height: int) -> tuple[int, int]:
    """Both sides even, as 4:2:0 requires, and at most EDGE; the ratio changes by one pixel."""
    scale = min(1.0, EDGE / max(width, height))
    return max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2)
