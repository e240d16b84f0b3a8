"""PNG, fast and with the same bytes everywhere: filter Up, then one zlib-ng stream.

Level 3 is the fastest one whose size stays within a tenth of Pillow's default on drawings
(docs/encoding.md). Pillow's own bytes depend on the zlib it was built with; zlib-ng ships inside
its wheel and is pinned.
"""

from __future__ import annotations

import struct
import threading
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from zlib_ng import zlib_ng

from vrdata_child.encoders.pixels import Packed

try:
    import cv2
except ImportError:  # an environment without OpenCV
    cv2 = None  # type: ignore[assignment]

LEVEL = 3
_COLOUR_TYPE = {"L": 0, "RGB": 2, "RGBA": 6}  # PNG specification, table 11.1
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_UP = 2
_memory = threading.local()  # allocating memory for each image costs as much as filtering it


def can_encode(image: Image.Image) -> bool:
    """Whether `encode_png` supports this image."""
    return image.mode in _COLOUR_TYPE and image.width > 0 and image.height > 0


def encode_png(image: Image.Image) -> bytes:
    """The image as PNG bytes, pixels unchanged, without any metadata.

    Raises:
        ValueError: the mode is not L, RGB or RGBA (8 bits a channel).
    """
    if not can_encode(image):
        raise ValueError(f"cannot encode mode {image.mode}")
    channels = len(image.getbands())
    rows = _rows(image, channels)
    filtered = _reused("filtered", image.height, image.width * channels + 1, _UP)
    filtered[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    header = struct.pack(
        ">IIBBBBB", image.width, image.height, 8, _COLOUR_TYPE[image.mode], 0, 0, 0
    )
    data = zlib_ng.compress(filtered.data.cast("B"), LEVEL)
    return b"".join(
        (_SIGNATURE, _chunk(b"IHDR", header), _chunk(b"IDAT", data), _chunk(b"IEND", b""))
    )


def write_png(path: Path, image: Image.Image) -> None:
    """Write `encode_png(image)` to a file."""
    path.write_bytes(encode_png(image))


def _rows(image: Image.Image, channels: int) -> NDArray[np.uint8]:
    """The image's bytes by row; valid until the thread encodes its next image."""
    width = image.width * channels
    if image.mode == "RGB" and cv2 is not None:
        rows = _reused("rows", image.height, width, 0)
        packed = Packed(image)
        pixels = rows.reshape(image.height, image.width, 3)
        cv2.cvtColor(packed.view(), cv2.COLOR_RGBA2RGB, dst=pixels)
        return rows
    return np.frombuffer(image.tobytes(), np.uint8).reshape(image.height, width)


def _reused(name: str, height: int, width: int, fill: int) -> NDArray[np.uint8]:
    """The thread's array of this name if its shape fits, else a new one filled with `fill`."""
    kept: NDArray[np.uint8] | None = getattr(_memory, name, None)
    if kept is None or kept.shape != (height, width):
        kept = np.full((height, width), fill, np.uint8)
        setattr(_memory, name, kept)
    return kept


def _chunk(kind: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(data, zlib.crc32(kind))
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)
