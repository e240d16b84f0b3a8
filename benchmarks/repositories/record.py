"""Run a repository's script and keep the true frames of each video that it writes with OpenCV.

    PYTHON record.py SCRIPT [ARGUMENTS…]

The folder FRAMES_FOLDER gets a lossless video for each of the script's, named after the sha256 of
the script's video, because scripts move their videos. Runs in the repository's environment.
"""

from __future__ import annotations

import hashlib
import os
import runpy
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2

FOLDER = Path(os.environ["FRAMES_FOLDER"])
_original = cv2.VideoWriter


class RecordingWriter:
    """A cv2.VideoWriter that also keeps its frames; color only."""

    fourcc = staticmethod(_original.fourcc)

    def __init__(self, path: str, *arguments: Any) -> None:
        self._writer = _original(path, *arguments)
        self._path = Path(path)
        self._size = next(one for one in arguments if isinstance(one, tuple | list))
        self._kept = FOLDER / f"{id(self)}.part"
        self._container: Any = av.open(str(self._kept), "w", format="matroska")
        self._stream = self._container.add_stream("ffv1", rate=Fraction(25))
        self._stream.width, self._stream.height = self._size
        self._stream.pix_fmt = "bgr0"

    def __getattr__(self, name: str) -> Any:
        return getattr(self._writer, name)

    def write(self, image: Any) -> Any:
        """Write a frame; OpenCV drops one of another size."""
        if image.shape == (self._size[1], self._size[0], 3):
            frame = av.VideoFrame.from_ndarray(image, "bgr24").reformat(format="bgr0")
            self._container.mux(self._stream.encode(frame))
        return self._writer.write(image)

    def release(self) -> None:
        """Finish both videos."""
        self._writer.release()
        if self._container is not None:
            self._container.mux(self._stream.encode())
            self._container.close()
            self._container = None
            digest = hashlib.sha256(self._path.read_bytes()).hexdigest()
            self._kept.replace(FOLDER / digest)

    def __del__(self) -> None:
        self.release()


if __name__ == "__main__":
    setattr(cv2, "VideoWriter", RecordingWriter)  # noqa: B010 - a class, to the type checker
    del sys.argv[0]
    sys.path[0] = str(Path(sys.argv[0]).parent)
    runpy.run_path(sys.argv[0], run_name="__main__")
