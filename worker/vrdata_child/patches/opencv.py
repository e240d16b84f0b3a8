"""Replacements for cv2.VideoWriter: one encodes H.264, one hashes the frames and calls it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from vrdata_child.encoders.h264 import VideoEncoder
from vrdata_child.sample.media import file_sha256, finish_video, frame_hashes

_original = cv2.VideoWriter


def install(video: str, *, hash_frames: bool) -> None:
    """Replace cv2.VideoWriter; arguments as `redirect.install`."""
    if video == "h264":
        kind = type("VideoWriter", (H264Writer,), {"hash_frames": hash_frames})
        setattr(cv2, "VideoWriter", kind)  # noqa: B010 - a class, to the type checker
    elif hash_frames:
        setattr(cv2, "VideoWriter", HashingWriter)  # noqa: B010 - as above


class H264Writer:
    """Has the interface of cv2.VideoWriter; encodes H.264."""

    hash_frames = False

    def __init__(self, *arguments: Any, **named: Any) -> None:
        self._encoder: VideoEncoder | None = None
        if arguments or named:
            self.open(*arguments, **named)

    def open(self, filename: str, *arguments: Any, **named: Any) -> bool:
        """Open a file; the four-letter code and the backend are ignored."""
        fps, size = _fps_and_size(arguments, named)
        self._path = Path(filename)
        self._size = (int(size[0]), int(size[1]))
        self._wrote = False
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_bytes(b"")
        self._encoder = VideoEncoder(
            self._path, *self._size, float(fps), hash_frames=self.hash_frames
        )
        return True

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        """Whether a file is open."""
        return self._encoder is not None

    def write(self, frame: NDArray[np.uint8]) -> None:
        """Append a BGR frame; frames of another size or type are dropped silently, as in OpenCV."""
        if self._encoder is None or frame.dtype != np.uint8:
            return
        if frame.shape != (self._size[1], self._size[0], 3):
            return
        rgba: Any = cv2.cvtColor(frame, cv2.COLOR_BGR2RGBA)
        self._encoder.add_array(rgba)
        self._wrote = True

    def release(self) -> None:
        """Finish the file."""
        encoder, self._encoder = self._encoder, None
        if encoder is not None and self._wrote:
            finish_video(encoder, self._path)

    def set(self, *_: Any) -> bool:
        """No property can be set."""
        return False

    def get(self, *_: Any) -> float:
        """No property is known."""
        return 0.0

    def getBackendName(self) -> str:  # noqa: N802 - OpenCV's name
        """The name of OpenCV's default writer."""
        return "FFMPEG"

    @staticmethod
    def fourcc(*letters: str) -> int:
        """The number of a four-letter code."""
        return sum(ord(letter) << (8 * place) for place, letter in enumerate(letters))

    def __del__(self) -> None:
        self.release()


class HashingWriter(_original):
    """cv2.VideoWriter that also hashes its RGB frames."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._digest = hashlib.sha256()
        self._file = Path(arguments[0] if arguments else named["filename"])

    def write(self, frame: Any) -> None:  # type: ignore[override]
        """Append a frame."""
        self._digest.update(np.ascontiguousarray(frame[:, :, ::-1]).tobytes())
        super().write(frame)

    def release(self) -> None:
        """Finish the file and remember the hash of its frames."""
        super().release()
        if self._file.exists():
            frame_hashes.remember(file_sha256(self._file), self._digest.hexdigest())


def _fps_and_size(
    arguments: tuple[Any, ...], named: dict[str, Any]
) -> tuple[float, tuple[int, int]]:
    """From (fourcc, fps, size, …) or (api, fourcc, fps, size, …): only the size is a pair."""
    for place, value in enumerate(arguments):
        if isinstance(value, tuple | list) and len(value) == 2:
            return arguments[place - 1], (value[0], value[1])
    return named["fps"], named["frameSize"]
