"""PNG, fast and with the same bytes everywhere: filter Up, then one zlib-ng stream.

Level 3 is the fastest one whose size stays within a tenth of Pillow's default on drawings, and on
noise, where matches are not found anyway, runs alone cost a third of it (docs/encoding.md).
Pillow's own bytes depend on the zlib it was built with; zlib-ng ships inside its wheel and is
pinned.
"""

from __future__ import annotations

import struct
import threading
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from zlib_ng import zlib_ng

from vrdata_child.encoders.pixels import core_view

try:
    import cv2
except ImportError:  # an environment without OpenCV
    cv2 = None  # type: ignore[assignment]

# The bytes of the rows from one number up to another; valid until the next call.
Rows = Callable[[int, int], NDArray[np.uint8]]

LEVEL = 3
# Pillow's raw modes of PNG files, and their bits for each pixel (PngImagePlugin._OUTMODES).
# fmt: off
BITS = {
    "1": 1, "L;1": 1, "L;2": 2, "L;4": 4, "L": 8, "LA": 16, "I;16B": 16,
    "P;1": 1, "P;2": 2, "P;4": 4, "P": 8, "RGB": 24, "RGBA": 32,
}
# fmt: on
_UNFILTERED = frozenset({"1", "L;1", "L;2", "L;4", "P;1", "P;2", "P;4", "P"})  # numbers, not shades
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_NONE, _UP = 0, 2
_BAND_BYTES = 2**18  # filtered and compressed at a time, so that they stay in the processor's cache
_SAMPLED_ROWS = 8
_NOISY = 0.5  # share of sampled bytes that differ from the row above
_WORSE = 1.01  # how much larger noise may become without matches
_memory = threading.local()  # allocating memory for each image costs as much as filtering it


def zlib_stream(rows: Rows, height: int, length: int, *, filtered: bool = True) -> bytes:
    """The compressed data of a PNG image.

    Args:
        rows: its pixels, as in the file.
        height: number of rows, at least 1.
        length: bytes of a row, at least 1.
        filtered: store the differences to the row above.
    """
    band = _band(length)
    lines = _reused("lines", (band, length + 1, _UP if filtered else _NONE))
    above = np.zeros(length, np.uint8)
    packer = zlib_ng.compressobj(LEVEL, strategy=_strategy(rows, height, filtered=filtered))
    parts = []
    for top in range(0, height, band):
        pixels = rows(top, min(height, top + band))
        count = len(pixels)
        if filtered:
            np.subtract(pixels[0], above, out=lines[0, 1:])
            np.subtract(pixels[1:], pixels[:-1], out=lines[1:count, 1:])
            above[:] = pixels[-1]
        else:
            lines[:count, 1:] = pixels
        parts.append(packer.compress(lines[:count].data.cast("B")))
    parts.append(packer.flush())
    return b"".join(parts)


def png_bytes(header: tuple[int, int, int], stream: bytes) -> bytes:
    """A PNG file of 8 bits a channel, without any metadata.

    Args:
        header: width, height and colour type (PNG specification, table 11.1).
        stream: of `zlib_stream`.
    """
    width, height, colours = header
    shape = struct.pack(">IIBBBBB", width, height, 8, colours, 0, 0, 0)
    chunks = (_chunk(b"IHDR", shape), _chunk(b"IDAT", stream), _chunk(b"IEND", b""))
    return b"".join((_SIGNATURE, *chunks))


def image_stream(core: Any, rawmode: str) -> bytes:
    """The compressed data of a PNG image from a Pillow image's `im`.

    Args:
        core: has at least one pixel.
        rawmode: one of BITS, to which Pillow can convert it.
    """
    width, height = core.size
    length = (width * BITS[rawmode] + 7) // 8
    rows = _colour_rows(core) if (core.mode, rawmode) == ("RGB", "RGB") else None
    filtered = rawmode not in _UNFILTERED
    return zlib_stream(rows or _raw_rows(core, rawmode, length), height, length, filtered=filtered)


def rgb_bands(core: Any) -> Iterator[NDArray[np.uint8]]:
    """The pixels of an RGB image's `im`, a few rows at a time; valid until the next ones."""
    width, height = core.size
    rows = _colour_rows(core) or _raw_rows(core, "RGB", width * 3)
    band = _band(width * 3)
    for top in range(0, height, band):
        yield rows(top, min(height, top + band))


def _raw_rows(core: Any, rawmode: str, length: int) -> Rows:
    """Rows of any image, converted by Pillow."""
    width = core.size[0]

    def rows(top: int, end: int) -> NDArray[np.uint8]:
        encoder = Image.core.raw_encoder(core.mode, rawmode, 0, 1)  # type: ignore[attr-defined]
        encoder.setimage(core, (0, top, width, end))
        data = encoder.encode((end - top) * length)[2]
        return np.frombuffer(data, np.uint8).reshape(end - top, length)

    return rows


def _colour_rows(core: Any) -> Rows | None:
    """Rows of an RGB image, read in place; None where that is not possible."""
    packed = None if cv2 is None else core_view(core)
    if packed is None:
        return None
    width = core.size[0]

    def rows(top: int, end: int) -> NDArray[np.uint8]:
        plain = _reused("rows", (_band(width * 3), width * 3, 0))[: end - top]
        pixels = plain.reshape(end - top, width, 3)
        cv2.cvtColor(packed[top:end], cv2.COLOR_RGBA2RGB, dst=pixels)
        return plain

    return rows


def _band(length: int) -> int:
    """Rows of this many bytes that are compressed at a time; two are compared."""
    return max(2, _BAND_BYTES // length)


def _strategy(rows: Rows, height: int, *, filtered: bool) -> int:
    """How to search for matches: in noise, only runs of equal bytes are worth it."""
    if not filtered or height < _SAMPLED_ROWS:
        return zlib.Z_DEFAULT_STRATEGY
    pairs = (rows(at - 1, at + 1) for at in range(1, height, height // _SAMPLED_ROWS))
    sample = np.concatenate([below - above for above, below in pairs])
    if np.count_nonzero(sample) < _NOISY * len(sample):
        return zlib.Z_DEFAULT_STRATEGY
    sizes = {}
    for strategy in (zlib.Z_RLE, zlib.Z_DEFAULT_STRATEGY):
        packer = zlib_ng.compressobj(LEVEL, strategy=strategy)
        sizes[strategy] = len(packer.compress(sample.data)) + len(packer.flush())
    runs = sizes[zlib.Z_RLE] <= _WORSE * sizes[zlib.Z_DEFAULT_STRATEGY]
    return zlib.Z_RLE if runs else zlib.Z_DEFAULT_STRATEGY


def _reused(name: str, key: tuple[int, int, int]) -> NDArray[np.uint8]:
    """The thread's array of this name if its key fits: height, width, and its first content."""
    kept: tuple[object, NDArray[np.uint8]] = getattr(_memory, name, (None, np.empty(0, np.uint8)))
    if kept[0] != key:
        kept = key, np.full(key[:2], key[2], np.uint8)
        setattr(_memory, name, kept)
    return kept[1]


def _chunk(kind: bytes, data: bytes) -> bytes:
    checksum = zlib_ng.crc32(data, zlib.crc32(kind))
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)
