"""Decode images and videos and compare them with their records. The input is untrusted."""

from __future__ import annotations

import io
import math
import struct
from dataclasses import dataclass
from typing import Any

from vrdata.dataset.manifest import VideoRecord
from vrdata.dataset.verify.sample.content_hash import pixel_hash
from vrdata.errors import VrdataError, install
from vrdata.text import count

MAX_PIXELS = 8192 * 8192
_RATE_TOLERANCE = 0.01  # containers round the timestamps of frames
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"

# The file name determines the format, never the content: FFmpeg could detect a playlist format,
# which lets data name other files to open.
VIDEO_FORMATS = {
    ".avi": "avi",
    ".mkv": "matroska",
    ".mov": "mov",
    ".mp4": "mp4",
    ".webm": "matroska",
}


_IMAGES = "bmp gif jpeg jpg pbm pgm pnm ppm tif tiff webp"
IMAGE_ENDINGS = tuple(f".{ending}" for ending in _IMAGES.split())
"""Images other than PNG; the generator child decodes the same ones."""


@dataclass(frozen=True, slots=True)
class Media:
    """What was found in a media file.

    Attributes:
        kind: CamelCase kind of problem, or "".
        message: what is wrong.
        image: size and mode of an image, e.g. `1024x1024 RGB`.
        pixels: hash of an image's pixels, if requested and defined.
    """

    kind: str = ""
    message: str = ""
    image: str = ""
    pixels: str = ""


class Decoder:
    """Decodes PNG images and videos; threads may share one.

    Args:
        deep: decode every frame of a video; else the first is decoded and the rest are counted.

    Raises:
        VrdataError: Pillow or PyAV is not installed.
    """

    def __init__(self, *, deep: bool = False) -> None:
        self._deep = deep
        try:
            import av  # noqa: F401, PLC0415 - an extra
            from PIL import Image  # noqa: F401, PLC0415 - an extra
        except ImportError as error:
            raise VrdataError(
                f"decoding needs {error.name}, which is not installed",
                fix=f"{install('worker')}, or check without decoding: --no-decode",
            ) from None

    def inspect(
        self, name: str, body: bytes, video: VideoRecord | None, *, pixels: bool = False
    ) -> Media | None:
        """Decode a file; None when its name is not that of an image or a video.

        Args:
            name: file name; its extension determines the format.
            body: the bytes.
            video: the video's record, if there is one.
            pixels: hash the pixels of an image.
        """
        if name.lower().endswith(".png"):
            return _inspect_png(body, pixels=pixels)
        if name.lower().endswith(IMAGE_ENDINGS):
            return _inspect_image(body)
        video_format = next(
            (value for end, value in VIDEO_FORMATS.items() if name.lower().endswith(end)), ""
        )
        return self._inspect_video(body, video_format, video) if video_format else None

    def _inspect_video(self, body: bytes, video_format: str, video: VideoRecord | None) -> Media:
        import av  # noqa: PLC0415 - an extra

        try:
            found = video_facts(body, video_format, deep=self._deep)
            if found is None:
                return Media("VideoEmpty", "it has no frames")
        except (av.error.FFmpegError, IndexError, ValueError) as error:
            return Media("VideoUndecodable", f"it cannot be decoded: {error}")
        wrong = found.difference(video) if video else ""
        return Media("WrongVideo", wrong) if wrong else Media()


@dataclass(frozen=True, slots=True)
class VideoFacts:
    """What was found in a video; `codec` is the names of its codec and pixel format."""

    frames: int
    width: int
    height: int
    rate: float
    codec: str

    def difference(self, expected: VideoRecord) -> str:
        """How this differs from a commit marker's record, or ""."""
        if (self.frames, self.width, self.height) != (
            expected.frames,
            expected.width,
            expected.height,
        ):
            return (
                f"{count(self.frames, 'frame')} of {self.width} x {self.height} pixels, its commit"
                f" marker says {expected.frames} of {expected.width} x {expected.height}"
            )
        if not math.isclose(self.rate, expected.fps, rel_tol=_RATE_TOLERANCE):
            return f"{self.rate:g} frames a second, its commit marker says {expected.fps:g}"
        encoder = expected.encoder.split()
        if encoder[:1] == ["x264"] and self.codec != f"h264 {encoder[-1]}":
            return f"{self.codec}, its commit marker says {expected.encoder}"
        return ""


def video_facts(body: bytes, video_format: str, *, deep: bool = False) -> VideoFacts | None:
    """Size, frame rate and number of frames of a video; None if it has no frames.

    Args:
        body: the bytes.
        video_format: one of VIDEO_FORMATS.
        deep: decode every frame; else the first is decoded and the rest are counted.

    Raises:
        av.error.FFmpegError, IndexError, ValueError: it cannot be decoded.
    """
    import av  # noqa: PLC0415 - an extra

    packets = _packets(body, video_format)
    with av.open(io.BytesIO(body), "r", format=video_format) as container:
        stream = main_stream(container)
        stream.codec_context.thread_count = 1
        decoded = container.decode(stream)
        first = next(decoded, None)
        if first is None or not packets:
            return None
        return VideoFacts(
            frames=1 + sum(1 for _ in decoded) if deep else packets,
            width=first.width,
            height=first.height,
            rate=float(stream.average_rate or 0),
            codec=f"{stream.codec_context.name} {stream.codec_context.pix_fmt}",
        )


def _packets(body: bytes, video_format: str) -> int:
    import av  # noqa: PLC0415 - an extra

    with av.open(io.BytesIO(body), "r", format=video_format) as container:
        packets = container.demux(main_stream(container))
        # An edit list may cut off frames.
        return sum(packet.size > 0 and not packet.is_discard for packet in packets)


def main_stream(container: Any) -> Any:
    """The video that players show, as in the generator child: not a cover picture.

    Raises:
        IndexError: there is no video.
    """
    from av.stream import Disposition  # noqa: PLC0415 - an extra

    videos = container.streams.video
    if not videos:
        raise IndexError("it has no video track")
    shown = (stream for stream in videos if not stream.disposition & Disposition.attached_pic)
    return next(shown, None) or videos[0]


def _inspect_png(body: bytes, *, pixels: bool) -> Media:
    from PIL import Image  # noqa: PLC0415 - an extra

    if not body.startswith(PNG_SIGNATURE) or len(body) < 24:
        return Media("PngUndecodable", "it is not a PNG image")
    # Width and height of the header (PNG specification, IHDR), before memory is allocated.
    width, height = struct.unpack(">II", body[16:24])
    if width * height > MAX_PIXELS:
        return Media("PngUndecodable", f"{width} x {height} pixels, at most {MAX_PIXELS}")
    try:
        with Image.open(io.BytesIO(body), formats=["PNG"]) as image:
            image.load()
            described = f"{image.width}x{image.height} {image.mode}"
            return Media(image=described, pixels=pixel_hash(image) if pixels else "")
    except (OSError, SyntaxError, ValueError) as error:
        return Media("PngUndecodable", f"it cannot be decoded: {error}")


def _inspect_image(body: bytes) -> Media:
    from PIL import Image  # noqa: PLC0415 - an extra

    try:
        with Image.open(io.BytesIO(body)) as image:
            if image.width * image.height > MAX_PIXELS:
                raise ValueError(f"{image.width} x {image.height} pixels, at most {MAX_PIXELS}")
            image.load()
            return Media(image=f"{image.width}x{image.height} {image.mode}")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        return Media("ImageUndecodable", f"it cannot be decoded: {error}")
