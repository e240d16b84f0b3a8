"""Write a generator's PNG images and videos with the fast, deterministic encoders.

Patches Pillow and OpenCV inside the child only. Pixels do not change; bytes are the
same on every machine. In video mode `asIs`, OpenCV itself writes the videos.

PNG files are always redirected. Images in memory are only with acceleration, because the
generator may read their size or their bytes: the proof at `vrdata generators add` finds that.
"""

from __future__ import annotations

import io
from typing import Any

from PIL import Image

from vrdata_child.encoders import png

# Files, also those that a file of the module tempfile wraps. Others, such as a member of an
# archive, count as memory.
_FILES = (io.BufferedWriter, io.BufferedRandom, io.FileIO)
_PILLOW_BYTES = 65536  # that Pillow asks for at a time (ImageFile.MAXBLOCK)
_in_memory = False


def install(video: str, *, hash_frames: bool = False) -> None:
    """Patch this process.

    Args:
        video: `h264` redirects cv2.VideoWriter; `asIs` keeps OpenCV's bytes.
        hash_frames: keep a sha256 over the RGB frames of each video, for proofs.
    """
    Image.register_encoder("zip", png_encoder)  # type: ignore[arg-type]
    try:
        from vrdata_child.patches import opencv as opencv_writers
        from vrdata_child.patches import opencv_png
    except ImportError:
        return
    opencv_writers.install(video, hash_frames=hash_frames)
    opencv_png.install(lambda: _in_memory)


def redirect_memory() -> None:
    """From now on, redirect also PNG images that go to memory."""
    global _in_memory  # noqa: PLW0603 - a patch of this process
    _in_memory = True


def png_encoder(mode: str, rawmode: str, *settings: Any) -> Any:
    """What Pillow calls for the compressed data of a PNG image.

    Pillow writes everything else: the header, texts, the resolution, a colour profile.
    """
    pillows = Image.core.zip_encoder(mode, rawmode, *settings)  # type: ignore[attr-defined]
    dictionary = settings[3] if len(settings) > 3 else b""  # without it, no reader can decompress
    return pillows if dictionary or rawmode not in png.BITS else _Encoder(pillows, rawmode)


class _Encoder:
    """Pillow's interface of an encoder (ImageFile.PyEncoder), also in its old versions.

    The settings that it ignores change the size only: optimize, compress_level, compress_type.
    """

    pushes_fd = True

    def __init__(self, pillows: Any, rawmode: str) -> None:
        self._pillows = pillows
        self._rawmode = rawmode
        self._core: Any = None
        self._width = 0
        self._target: Any = None

    def setimage(self, core: Any, extents: tuple[int, int, int, int] | None = None) -> None:
        """Take the image; Pillow's encoder checks it."""
        self._pillows.setimage(core, extents)
        self._width = core.size[0]
        whole = extents is None or tuple(extents) == (0, 0, *core.size)
        self._core = core if whole and core.size[0] and core.size[1] else None

    def setfd(self, target: Any) -> None:
        """Take the writer of chunks, whose `fp` is what the image is saved to."""
        self._target = target

    def encode_to_pyfd(self) -> tuple[int, int]:
        """Write the compressed data; returns its size, and 0 or Pillow's number of an error."""
        file = getattr(self._target, "fp", None)
        redirected = _in_memory or isinstance(getattr(file, "file", file), _FILES)
        if self._core is None or not redirected:
            return self._encode_as_pillow()
        data = png.image_stream(self._core, self._rawmode)
        self._target.write(data)
        return len(data), 0

    def _encode_as_pillow(self) -> tuple[int, int]:
        total = status = 0
        size = max(_PILLOW_BYTES, self._width * 4)
        while not status:
            _, status, data = self._pillows.encode(size)
            self._target.write(data)
            total += len(data)
        return total, min(status, 0)

    def encode(self, size: int) -> tuple[int, int, bytes]:
        """The next bytes by Pillow, for callers other than its PNG writer."""
        result: tuple[int, int, bytes] = self._pillows.encode(size)
        return result

    def cleanup(self) -> None:
        """Free what Pillow's encoder holds."""
        self._pillows.cleanup()
