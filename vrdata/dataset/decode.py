"""Decode media bytes to see whether they are what they claim to be. Untrusted input."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass

from vrdata.dataset.manifest import VideoRecord
from vrdata.errors import VrdataError

MAX_PIXELS = 8192 * 8192
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
    """

    kind: str = ""
    message: str = ""
    image: str = ""


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

    def look(self, name: str, body: bytes, video: VideoRecord | None) -> Media | None:
        """What a file is, or None when its name is not that of an image or a video.

        Args:
            name: file name; its ending says what it should be.
            body: the bytes.
            video: what is known of the video, if anything.
        """
        if name.lower().endswith(".png"):
            return _look_at_png(body)
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
                frames = 1 + sum(1 for _ in decoded) if self._deep and first else packets
        except (av.error.FFmpegError, IndexError, ValueError) as error:
            return Media("VideoUndecodable", f"it does not decode: {error}")
        if first is None or not packets:
            return Media("VideoEmpty", "it has no frame")
        if video is None:
            return Media()
        found = (frames, first.width, first.height)
        expected = (video.frames, video.width, video.height)
        if found != expected:
            message = "{} frames of {} x {} pixels".format(*found)
            message += ", its commit marker says {} of {} x {}".format(*expected)
            return Media("WrongVideo", message)
        return Media()


def _packets(body: bytes, video_format: str) -> int:
    import av  # noqa: PLC0415 - an extra

    with av.open(io.BytesIO(body), "r", format=video_format) as container:
        return sum(packet.size > 0 for packet in container.demux(video=0))


def _look_at_png(body: bytes) -> Media:
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
            return Media(image=f"{image.width}x{image.height} {image.mode}")
    except (OSError, SyntaxError, ValueError) as error:
        return Media("PngUndecodable", f"it does not decode: {error}")
