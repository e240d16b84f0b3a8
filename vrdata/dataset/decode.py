"""Decode media bytes to see whether they are what they claim to be."""

from __future__ import annotations

import io

from vrdata.errors import VrdataError

VIDEOS = (".mp4", ".avi", ".webm", ".mov", ".mkv")


class Decoder:
    """Decodes PNG images and videos.

    Raises:
        VrdataError: Pillow or PyAV is not installed.
    """

    def __init__(self) -> None:
        try:
            import av  # noqa: F401, PLC0415 - an extra
            from PIL import Image  # noqa: F401, PLC0415 - an extra
        except ImportError as error:
            raise VrdataError(
                f"decoding needs {error.name}",
                fix='install it with `pip install "vrdata[local]"`, or use --no-decode',
            ) from None

    def problem(self, name: str, body: bytes, frames: int | None) -> tuple[str, str] | None:
        """Kind and message of what is wrong, or None.

        Args:
            name: file name; its ending says what it should be.
            body: the bytes.
            frames: how many frames a video should have, if that is known.
        """
        if name.endswith(".png"):
            return _png_problem(body)
        if name.lower().endswith(VIDEOS):
            return _video_problem(body, frames)
        return None


def _png_problem(body: bytes) -> tuple[str, str] | None:
    from PIL import Image  # noqa: PLC0415 - an extra

    try:
        with Image.open(io.BytesIO(body), formats=["PNG"]) as image:
            image.load()
    except (OSError, SyntaxError, ValueError) as error:
        return "PngUndecodable", str(error)
    return None


def _video_problem(body: bytes, frames: int | None) -> tuple[str, str] | None:
    import av  # noqa: PLC0415 - an extra

    try:
        with av.open(io.BytesIO(body)) as container:
            stream = container.streams.video[0]
            stream.codec_context.thread_count = 1
            if next(container.decode(stream), None) is None:
                return "VideoEmpty", "has no frame"
            if frames is not None and stream.frames and stream.frames != frames:
                return "WrongFrameCount", f"{stream.frames} frames instead of {frames}"
    except (av.error.FFmpegError, IndexError, ValueError) as error:
        return "VideoUndecodable", str(error)
    return None
