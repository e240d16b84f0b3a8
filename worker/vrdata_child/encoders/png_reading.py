"""Read PNG images that `png.zlib_stream` compressed, four times as fast as Pillow.

And find those of other programs that can be stored as they are.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from zlib_ng import zlib_ng

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {0: 1, 2: 3, 6: 4}  # colour type to channels (PNG specification, table 11.1)
_EIGHT_BITS = b"\x08"
_PLAIN = b"\0\0\0"  # compression, filters, interlace
_AFTER_SIZE = 8  # in the header
_BESIDE = frozenset({b"tEXt", b"pHYs"})  # they change no pixel; matplotlib writes them
_NONE, _UP, _PAETH = 0, 2, 4
_RGB = 3  # channels
_MOST_BYTES = 2**28  # of decompressed data


def read_png(data: bytes) -> NDArray[np.uint8] | None:
    """The pixels (height, width, channels) of a PNG file; None = let Pillow read it.

    It reads 8-bit grey, RGB and RGBA with the filters None and Up, and without chunks that
    could change a pixel.
    """
    chunks = list(_chunks(data))
    kinds = [kind for kind, _ in chunks]
    if len(kinds) < 3 or (kinds[0], kinds[-1]) != (b"IHDR", b"IEND"):
        return None
    if not {b"IDAT", *_BESIDE}.issuperset(kinds[1:-1]) or kinds.count(b"IDAT") != 1:
        return None
    shape = _shape(chunks[0][1])
    return shape and _pixels(dict(chunks)[b"IDAT"], shape)


def read_plain_rgb(data: bytes) -> NDArray[np.uint8] | None:
    """The pixels (height, width, 3) of a PNG file that has 8-bit RGB pixels and nothing else.

    All readers agree on such a file: its checksums are right, its data is complete, and nothing
    follows it. None = another file.
    """
    chunks = list(_chunks(data))
    if len(chunks) < 3 or {kind for kind, _ in chunks[1:-1]} != {b"IDAT"}:
        return None
    (first, header), last = chunks[0], chunks[-1]
    shape = _shape(header) if first == b"IHDR" and last == (b"IEND", b"") else None
    if shape is None or shape[2] != _RGB:
        return None
    stored = _stored_rows(b"".join(body for _, body in chunks[1:-1]), shape[0], shape[1] * _RGB)
    if stored is None or (stored[:, 0] > _PAETH).any():
        return None
    lines = _unfiltered(stored)
    if lines is not None:
        return lines.reshape(shape)
    del stored  # as large as the pixels
    return _decoded(data, shape)


def _decoded(data: bytes, shape: tuple[int, int, int]) -> NDArray[np.uint8]:
    """The pixels of a plain file with any filters; FFmpeg takes half of Pillow's time."""
    decoder = av.CodecContext.create("png", "r")  # each image needs a new one
    decoder.thread_count = 1
    try:
        frames = decoder.decode(av.Packet(data))
    except av.FFmpegError:  # for example because of its own limit on sizes
        frames = []
    if len(frames) == 1 and frames[0].format.name == "rgb24":
        pixels = np.asarray(frames[0].to_ndarray(), np.uint8)
        if pixels.shape == shape:
            return pixels
    with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
        return np.asarray(image)


def lines_of(stream: bytes, height: int, length: int) -> NDArray[np.uint8] | None:
    """Rows of `length` bytes from the compressed data; None if they have other filters."""
    stored = _stored_rows(stream, height, length)
    return None if stored is None else _unfiltered(stored)


def _unfiltered(stored: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
    """Rows without their filters, if these are None in all rows, or Up in all rows."""
    filters, rows = stored[:, 0], stored[:, 1:]
    if not filters.any():
        return np.ascontiguousarray(rows)
    if (filters != _UP).any():
        return None
    lines = np.empty(rows.shape, np.uint8)
    lines[0] = rows[0]
    for number in range(1, len(rows)):
        np.add(lines[number - 1], rows[number], out=lines[number])
    return lines


def _stored_rows(stream: bytes, height: int, length: int) -> NDArray[np.uint8] | None:
    """Rows of one byte for the filter and `length` filtered bytes; None if the data is damaged."""
    size = height * (length + 1)
    if size > _MOST_BYTES:
        return None
    unpacker = zlib_ng.decompressobj()
    try:
        plain = unpacker.decompress(stream, size + 1)
    except zlib_ng.error:  # type: ignore[misc]
        return None
    if len(plain) != size or not unpacker.eof or unpacker.unused_data:
        return None
    return np.frombuffer(plain, np.uint8).reshape(height, length + 1)


def _pixels(stream: bytes, shape: tuple[int, int, int]) -> NDArray[np.uint8] | None:
    lines = lines_of(stream, shape[0], shape[1] * shape[2])
    return None if lines is None else lines.reshape(shape)


def _shape(header: bytes) -> tuple[int, int, int] | None:
    if len(header) != 13 or header[8:9] != _EIGHT_BITS or header[10:] != _PLAIN:
        return None
    width, height = struct.unpack(">II", header[:_AFTER_SIZE])
    channels = _CHANNELS.get(header[9])
    return (height, width, channels) if channels and width and height else None


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Each chunk's kind and content; nothing more after a damaged one."""
    if not data.startswith(_SIGNATURE):
        return
    at = len(_SIGNATURE)
    while at + 12 <= len(data):
        (size,) = struct.unpack_from(">I", data, at)
        end = at + 8 + size
        checksum = data[end : end + 4]
        if struct.pack(">I", zlib_ng.crc32(data[at + 4 : end])) != checksum:
            return
        yield data[at + 4 : at + 8], data[at + 8 : end]
        at = end + 4
    if at != len(data):
        yield b"", b""  # what follows the last chunk
