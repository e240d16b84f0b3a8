"""Send a generator's PNG files and videos through the fast, deterministic encoders.

Patches Pillow and OpenCV inside the child only. Pixels stay equal; bytes become the same on
every machine. In video mode `asIs` OpenCV keeps writing the videos itself.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vrdata_child import media, png
from vrdata_child.h264 import VideoEncoder, VideoFacts

# Parameters of Image.save that change bytes but no pixel.
_HARMLESS = frozenset({"optimize", "compress_level"})
_frames: dict[str, str] = {}


def install(video: str, *, hash_frames: bool = False) -> None:
    """Patch this process.

    Args:
        video: `h264` redirects cv2.VideoWriter; `asIs` leaves its bytes alone.
        hash_frames: keep a sha256 over the RGB frames of each video, for proofs.
    """
    _redirect_png()
    try:
        import cv2  # noqa: PLC0415 - not every generator has it
    except ImportError:
        return
    if video == "h264":
        cv2.VideoWriter = _writer_class(hash_frames)
    elif hash_frames:
        cv2.VideoWriter = _hashing_class(cv2.VideoWriter)


def finish_video(encoder: VideoEncoder, path: Path) -> VideoFacts:
    """Close an encoder and register the file it made."""
    facts = encoder.close()
    with path.open("rb") as file:
        media.video_facts.remember(hashlib.file_digest(file, "sha256").hexdigest(), facts)
    return facts


def frames_hash(sha256: str) -> str:
    """Hash of the frames of an `asIs` video, when it was asked for; else empty."""
    return _frames.get(sha256, "")


def _redirect_png() -> None:
    original = Image.Image.save

    def save(self: Image.Image, fp: Any, format: str | None = None, **params: Any) -> None:  # noqa: A002 - Pillow's name
        wanted = format.upper() if format else _suffix(fp)
        plain = params.keys() <= _HARMLESS and "transparency" not in self.info
        if wanted != "PNG" or not plain or not png.can_encode(self):
            original(self, fp, format, **params)
            return
        data = png.encode_png(self)
        media.pixel_hashes.remember(hashlib.sha256(data).hexdigest(), media.pixel_hash(self))
        if isinstance(fp, str | os.PathLike):
            Path(fp).write_bytes(data)
        else:
            fp.write(data)

    Image.Image.save = save  # type: ignore[method-assign]


def _suffix(target: Any) -> str:
    if not isinstance(target, str | os.PathLike):
        return ""
    return "PNG" if os.fspath(target).lower().endswith(".png") else ""


def _writer_class(hash_frames: bool) -> type:
    import cv2  # noqa: PLC0415 - not every generator has it

    class VideoWriter:
        """Looks like cv2.VideoWriter; encodes H.264."""

        def __init__(self, *arguments: Any, **named: Any) -> None:
            self._encoder: VideoEncoder | None = None
            if arguments or named:
                self.open(*arguments, **named)

        def open(self, filename: str, *arguments: Any, **named: Any) -> bool:
            fps, size = _fps_and_size(arguments, named)
            self._path = Path(filename)
            self._size = (int(size[0]), int(size[1]))
            self._wrote = False
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.write_bytes(b"")
            self._encoder = VideoEncoder(
                self._path, *self._size, float(fps), hash_frames=hash_frames
            )
            return True

        def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
            return self._encoder is not None

        def write(self, frame: NDArray[np.uint8]) -> None:
            # OpenCV drops frames of another size or type without a word.
            if self._encoder is None or frame.dtype != np.uint8:
                return
            if frame.shape[:2] != (self._size[1], self._size[0]) or frame.ndim != 3:
                return
            self._encoder.add_array(cv2.cvtColor(frame, cv2.COLOR_BGR2RGBA))
            self._wrote = True

        def release(self) -> None:
            encoder, self._encoder = self._encoder, None
            if encoder is not None and self._wrote:
                finish_video(encoder, self._path)

        def set(self, *_: Any) -> bool:
            return False

        def get(self, *_: Any) -> float:
            return 0.0

        def getBackendName(self) -> str:  # noqa: N802 - OpenCV's name
            return "FFMPEG"

        @staticmethod
        def fourcc(*letters: str) -> int:
            return sum(ord(letter) << (8 * place) for place, letter in enumerate(letters))

        def __del__(self) -> None:
            self.release()

    return VideoWriter


def _fps_and_size(
    arguments: tuple[Any, ...], named: dict[str, Any]
) -> tuple[float, tuple[int, int]]:
    """Of (fourcc, fps, size, …) or (api, fourcc, fps, size, …): the size is the only pair."""
    for place, value in enumerate(arguments):
        if isinstance(value, tuple | list) and len(value) == 2:
            return arguments[place - 1], (value[0], value[1])
    return named["fps"], named["frameSize"]


def _hashing_class(original: Any) -> type:
    class VideoWriter(original):  # type: ignore[misc]
        """cv2.VideoWriter, and a sha256 over the frames it was given."""

        def __init__(self, *arguments: Any, **named: Any) -> None:
            super().__init__(*arguments, **named)
            self._digest = hashlib.sha256()
            self._file = Path(arguments[0] if arguments else named["filename"])

        def write(self, frame: NDArray[np.uint8]) -> None:
            self._digest.update(np.ascontiguousarray(frame[:, :, ::-1]).tobytes())
            super().write(frame)

        def release(self) -> None:
            super().release()
            if self._file.exists():
                with self._file.open("rb") as file:
                    sha256 = hashlib.file_digest(file, "sha256").hexdigest()
                _frames[sha256] = self._digest.hexdigest()

    return VideoWriter
