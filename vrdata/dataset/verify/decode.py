"""Decode media bytes to see whether they are what they claim to be. Untrusted input."""

from __future__ import annotations

import io
import math
import struct
from dataclasses import dataclass

from vrdata.dataset.manifest import VideoRecord
from vrdata.dataset.verify.content_hash import pixel_hash
from vrdata.errors import VrdataError

MAX_PIXELS = 8192 * 8192
_RATE_TOLERANCE = 0.01  # containers round the times of frames
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"

# The format is told by the name and never guessed: FFmpeg's guess may be a playlist format, which
# would let data name other files to open.
VIDEO_FORMATS = {
    ".avi": "avi",
    ".mkv": "matroska",
    ".mov": "mov",
    ".mp4": "mp4",
    ".webm": "matroska",
}


@dataclass(frozen=True, slots=True)
class Media:
    """What a media file turned out to be.

    Attributes:
        kind: CamelCase kind of problem, "" when there is none.
        message: what is wrong.
        image: of an image, its size and mode, e.g. `1024x1024 RGB`.
        pixels: of an image, the hash of its pixels, when it was asked for and is defined.
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
                fix="pip install 'vrdata[worker]', or check without decoding: --no-decode",
            ) from None

    def look(
        self, name: str, body: bytes, video: VideoRecord | None, *, pixels: bool = False
    ) -> Media | None:
        """What a file is, or None when its name is not that of an image or a video.

        Args:
            name: file name; its ending says what it should be.
            body: the bytes.
            video: what is known of the video, if anything.
            pixels: hash the pixels of an image.
        """
        if name.lower().endswith(".png"):
            return _look_at_png(body, pixels=pixels)
        video_format = next(
            (value for end, value in VIDEO_FORMATS.items() if name.lower().endswith(end)), ""
        )
        return self._look_at_video(body, video_format, video) if video_format else None

    def _look_at_video(self, body: bytes, video_format: str, video: VideoRecord | None) -> Media:
        import av  # noqa: PLC0415 - an extra

        try:
            packets = _packets(body, video_format)
            with av.open(io.BytesIO(body), "r", format=video_format) as container:
                stream = container.streams.video[0]
                stream.codec_context.thread_count = 1
                decoded = container.decode(stream)
                first = next(decoded, None)
                if first is None or not packets:
                    return Media("VideoEmpty", "it has no frame")
                found = _Found(
                    frames=1 + sum(1 for _ in decoded) if self._deep else packets,
                    width=first.width,
                    height=first.height,
                    rate=float(stream.average_rate or 0),
                    codec=f"{stream.codec_context.name} {stream.codec_context.pix_fmt}",
                )
        except (av.error.FFmpegError, IndexError, ValueError) as error:
            return Media("VideoUndecodable", f"it does not decode: {error}")
        wrong = found.difference(video) if video else ""
        return Media("WrongVideo", wrong) if wrong else Media()


@dataclass(frozen=True, slots=True)
class _Found:
    """What a video was found to be; `codec` is the codec's name and the pixel format's."""

    frames: int
    width: int
    height: int
    rate: float
    codec: str

    def difference(self, told: VideoRecord) -> str:
        """How a commit marker's record differs, or ""."""
        if (self.frames, self.width, self.height) != (told.frames, told.width, told.height):
            return (
                f"{self.frames} frames of {self.width} x {self.height} pixels, its commit marker"
                f" says {told.frames} of {told.width} x {told.height}"
            )
        if not math.isclose(self.rate, told.fps, rel_tol=_RATE_TOLERANCE):
            return f"{self.rate:g} frames a second, its commit marker says {told.fps:g}"
        encoder = told.encoder.split()
        if encoder[:1] == ["x264"] and self.codec != f"h264 {encoder[-1]}":
            return f"{self.codec}, its commit marker says {told.encoder}"
        return ""


def _packets(body: bytes, video_format: str) -> int:
    import av  # noqa: PLC0415 - an extra

    with av.open(io.BytesIO(body), "r", format=video_format) as container:
        return sum(packet.size > 0 for packet in container.demux(video=0))


def _look_at_png(body: bytes, *, pixels: bool) -> Media:
    from PIL import Image  # noqa: PLC0415 - an extra

    if not body.startswith(PNG_SIGNATURE) or len(body) < 24:
        return Media("PngUndecodable", "it is not a PNG image")
    # Width and height of the header (PNG specification, IHDR), before any memory is taken.
    width, height = struct.unpack(">II", body[16:24])
    if width * height > MAX_PIXELS:
        return Media("PngUndecodable", f"{width} x {height} pixels are too many")
    try:
        with Image.open(io.BytesIO(body), formats=["PNG"]) as image:
            image.load()
            described = f"{image.width}x{image.height} {image.mode}"
            return Media(image=described, pixels=pixel_hash(image) if pixels else "")
    except (OSError, SyntaxError, ValueError) as error:
        return Media("PngUndecodable", f"it does not decode: {error}")
