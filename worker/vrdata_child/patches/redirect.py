"""Write a generator's PNG files and videos with the fast, deterministic encoders.

Patches Pillow and OpenCV inside the child only. Pixels do not change; bytes are the
same on every machine. In video mode `asIs`, OpenCV itself writes the videos.
"""

from __future__ import annotations

import functools
import hashlib
import os
import sys
from pathlib import Path
from typing import Any

from PIL import Image

from vrdata_child.encoders import png
from vrdata_child.sample import media

# Parameters of Image.save that change bytes but no pixel.
_HARMLESS = frozenset({"optimize", "compress_level"})
# What Pillow writes to a PNG file from the facts of an image; exif until version 10
# (PngImagePlugin._save).
_WRITTEN_INFO = ("transparency", "icc_profile", "exif")
_PATHS = (str, bytes, os.PathLike)


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

    @functools.wraps(original)
    def save(self: Image.Image, fp: Any, format: str | None = None, **params: Any) -> None:  # noqa: A002 - Pillow's name
        if not _is_png(fp, format) or not _is_plain(self, params):
            original(self, fp, format, **params)
            return
        data = png.encode_png(self)
        media.pixel_hashes.remember(hashlib.sha256(data).hexdigest(), media.pixel_hash(self))
        if isinstance(fp, _PATHS):
            _write(Path(os.fsdecode(fp)), data)
        else:
            fp.write(data)
            if hasattr(fp, "flush"):
                fp.flush()

    Image.Image.save = save  # type: ignore[method-assign]


def _write(path: Path, data: bytes) -> None:
    """Write a file; as in Pillow, a failure leaves no new file."""
    created = not path.exists()
    try:
        path.write_bytes(data)
    except BaseException:
        if created:
            path.unlink(missing_ok=True)
        raise


def _is_png(target: Any, given: str | None) -> bool:
    """Whether Pillow would write a PNG; an empty format counts as none, as in Pillow."""
    if given:
        return given.upper() == "PNG" and target is not sys.stdout
    name = target if isinstance(target, _PATHS) else getattr(target, "name", None)
    if not isinstance(name, _PATHS):
        return False
    return os.path.splitext(os.fsdecode(name))[1].lower() == ".png"  # noqa: PTH122 - as Pillow


def _is_plain(image: Image.Image, params: dict[str, Any]) -> bool:
    """Whether nothing but pixels would be written."""
    return (
        params.keys() <= _HARMLESS
        and not any(image.info.get(name) is not None for name in _WRITTEN_INFO)
        and not getattr(image, "encoderinfo", None)
        and png.can_encode(image)
    )
