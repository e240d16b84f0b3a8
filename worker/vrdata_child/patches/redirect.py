"""Write a generator's PNG files and videos with the fast, deterministic encoders.

Patches Pillow and OpenCV inside the child only. Pixels do not change; bytes are the
same on every machine. In video mode `asIs`, OpenCV itself writes the videos.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

from PIL import Image

from vrdata_child.encoders import png
from vrdata_child.sample import media

# Parameters of Image.save that change bytes but no pixel.
_HARMLESS = frozenset({"optimize", "compress_level"})


def install(video: str, *, hash_frames: bool = False) -> None:
    """Patch this process.

    Args:
        video: `h264` redirects cv2.VideoWriter; `asIs` keeps OpenCV's bytes.
        hash_frames: keep a sha256 over the RGB frames of each video, for proofs.
    """
    _redirect_png()
    try:
        from vrdata_child.patches import opencv as opencv_writers
    except ImportError:
        return
    opencv_writers.install(video, hash_frames=hash_frames)


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
