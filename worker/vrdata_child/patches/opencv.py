"""The stand-in for cv2.VideoWriter: it behaves as the original does, and encodes H.264.

It leaves to OpenCV what it cannot honour, such as a lossless codec, a sequence of images or an
unknown property; the file is then encoded again when its sample is finished.
"""

from __future__ import annotations

import hashlib
from types import TracebackType
from typing import Any, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from vrdata_child.encoders.h264 import VideoEncoder
from vrdata_child.patches.writer_calls import WriterCall, bind
from vrdata_child.sample.media import dropped_frames, finish_video
from vrdata_child.sample.video.containers import VIDEO_FORMATS

_original = cv2.VideoWriter
_EMPTY = hashlib.sha256(b"").hexdigest()
_APIS = (cv2.CAP_ANY, cv2.CAP_FFMPEG)
# Codecs whose pictures differ from the frames anyway. Others may be lossless, so that a generator
# could read back what it wrote. An OpenCV without H.264 refuses avc1; the stand-in does not.
# fmt: off
_LOSSY = frozenset({
    "3iv2", "av01", "avc1", "davc", "div3", "divx", "dx50", "flv1", "fmp4", "h263", "h264",
    "h265", "hev1", "hevc", "hvc1", "i263", "m4s2", "mjpg", "mp42", "mp43", "mp4s", "mp4v",
    "mpeg", "mpg1", "mpg2", "mpg4", "pim1", "pim2", "theo", "vp09", "vp80", "vp90", "wmv1",
    "wmv2", "x264", "x265", "xvid",
})
# fmt: on
_MIN_FPS, _MAX_FPS = 0.5, 1000.0
_MIN_SIDE, _MAX_SIDE = 2, 8192
_TIMES = frozenset({11, 12, 13})  # cv2.VIDEOWRITER_PROP_PTS and its neighbours
_UNKNOWN_PROPERTY = -1.0
_PROPERTIES = {6: 0.0, 8: 0.0}  # no hardware acceleration
# OpenCV 5 returns whether a frame was written; OpenCV 4 returns None.
_RETURNS = _original().write(np.zeros((2, 2, 3), np.uint8)) is not None


def install(video: str, *, hash_frames: bool) -> None:
    """Replace cv2.VideoWriter in mode `h264`; arguments as `redirect.install`."""
    if video == "h264":
        kind = type("VideoWriter", (H264Writer,), {"hash_frames": hash_frames})
        setattr(cv2, "VideoWriter", kind)  # noqa: B010 - a class, to the type checker


class H264Writer:
    """Has the interface of cv2.VideoWriter; encodes H.264."""

    hash_frames = False
    fourcc = staticmethod(_original.fourcc)

    def __init__(self, *arguments: Any, **named: Any) -> None:
        self._encoder: VideoEncoder | None = None
        self._plain = _original()
        if arguments or named:
            self.open(*arguments, **named)

    def open(self, *arguments: Any, **named: Any) -> bool:
        """Open a file, in any form that OpenCV documents.

        Raises:
            cv2.error: as OpenCV raises it for these arguments.
        """
        self.release()
        call = bind(arguments, named)
        if call is None or not _is_honoured(call):
            return self._plain.open(*arguments, **named)
        try:
            with call.path.open("wb"):
                pass
        except (OSError, ValueError):
            return False
        width, height = call.size
        self._call = call
        self._shapes = (
            ((height, width, 3),) if call.color else ((height, width), (height, width, 1))
        )
        self._written = self._dropped = 0
        self._example = ""
        self._encoder = VideoEncoder(
            call.path, width, height, call.fps, hash_frames=self.hash_frames
        )
        return True

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        """Whether a file is open."""
        return self._encoder is not None or self._plain.isOpened()

    def write(self, image: NDArray[np.uint8]) -> bool | None:
        """Append a frame; one of another size is dropped, as in OpenCV, and noted.

        Raises:
            cv2.error: the frame is not an array, or has a type that OpenCV refuses.
        """
        encoder = self._encoder
        if encoder is None:
            return self._plain.write(image)
        if type(image) is not np.ndarray or image.dtype != np.uint8:
            image = self._converted(image)
        if image.shape not in self._shapes:
            return self._drop(image)
        frame: Any = image if self._call.color else cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
        encoder.add_array(frame)
        self._written += 1
        return True if _RETURNS else None

    def release(self) -> None:
        """Finish the file."""
        self._plain.release()
        encoder, self._encoder = self._encoder, None
        if encoder is None:
            return
        note = ""
        if self._dropped:
            frames = self._written + self._dropped
            width, height = self._call.size
            kind = "BGR" if self._call.color else "grey"
            note = (
                f"cv2.VideoWriter dropped {self._dropped} of {frames} frames: {self._example},"
                f" in a video of {height} x {width} {kind} uint8 (height x width)"
            )
        if self._written:
            finish_video(encoder, self._call.path, note)
        elif note:
            dropped_frames.remember(_EMPTY, note)

    def set(self, propId: int, value: float) -> bool:  # noqa: N803 - OpenCV's name
        """Set a property; before the first frame, OpenCV handles those that it supports."""
        if self._encoder is not None and not self._written and propId in _TIMES:
            call = self._call
            code = self.fourcc(*call.code)
            if self._plain.open(str(call.path), call.api, code, call.fps, call.size, call.color):
                self._encoder = None
        return self._plain.set(propId, value)

    def get(self, propId: int) -> float:  # noqa: N803 - OpenCV's name
        """The value of a property."""
        if self._encoder is None:
            return self._plain.get(propId)
        return _PROPERTIES.get(propId, _UNKNOWN_PROPERTY)

    def getBackendName(self) -> str:  # noqa: N802 - OpenCV's name
        """The name of the backend that OpenCV would use. Raises cv2.error: no file is open."""
        return "FFMPEG" if self._encoder is not None else self._plain.getBackendName()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.release()

    def __del__(self) -> None:
        self.release()

    def _converted(self, image: Any) -> NDArray[np.uint8]:
        """A frame as an array of bytes. Raises cv2.error as `write`."""
        if isinstance(image, cv2.UMat):
            image = image.get()
        if image is None:
            return np.empty(0, np.uint8)  # OpenCV drops it
        if not isinstance(image, np.ndarray):
            self._plain.write(image)  # raises OpenCV's own error
            raise cv2.error(f"VideoWriter.write: {type(image).__name__} is not a frame")
        if image.dtype != np.uint8:
            raise cv2.error(f"VideoWriter.write: the frame is {image.dtype}; convert it to uint8")
        return np.asarray(image)

    def _drop(self, image: NDArray[np.uint8]) -> bool | None:
        self._dropped += 1
        self._example = " x ".join(map(str, image.shape)) if image.size else "an empty frame"
        return False if _RETURNS else None


def _is_honoured(call: WriterCall) -> bool:
    """Whether the stand-in does what OpenCV does; if not, OpenCV does it."""
    return (
        call.plain
        and call.api in _APIS
        and call.code.lower() in _LOSSY
        and call.path.suffix.lower() in VIDEO_FORMATS
        and _MIN_FPS <= call.fps <= _MAX_FPS
        and all(_MIN_SIDE <= side <= _MAX_SIDE for side in call.size)
    )
