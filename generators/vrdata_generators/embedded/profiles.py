"""Colour profiles inside of files, where Pillow does not read them: BMP, GIF, JPEG 2000. Pure.

Sources: BITMAPV5HEADER of Windows; "ICC Profile Embedding in GIF" (ICC.1:2004-10, annex B.5);
ISO/IEC 15444-1, annex I.5.3.3 (box colr).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

_BMP_HEADER = 14  # the header of the bitmap follows
_BMP_V5 = 124
_EMBEDDED = b"DEBM"  # PROFILE_EMBEDDED
_GIF_PROFILE = b"ICCRGBG1012"
_GIF_EXTENSION, _GIF_APPLICATION = 0x21, 0xFF
_JP2_ICC = (2, 3)  # methods of colr


def profile_in(form: str, body: bytes) -> bytes:
    """The colour profile of an image; b"" = it has none, or its place is damaged.

    Args:
        form: as `PIL.Image.Image.format`.
        body: the file.
    """
    reader = {"BMP": _of_bmp, "GIF": _of_gif, "JPEG2000": _of_jp2}.get(form)
    try:
        return b"" if reader is None else reader(body)
    except (struct.error, IndexError):
        return b""


def _of_bmp(body: bytes) -> bytes:
    (size,) = struct.unpack_from("<I", body, _BMP_HEADER)
    if size < _BMP_V5 or body[_BMP_HEADER + 56 : _BMP_HEADER + 60] != _EMBEDDED:
        return b""
    start, length = struct.unpack_from("<II", body, _BMP_HEADER + 112)
    found = body[_BMP_HEADER + start :][:length]
    return found if len(found) == length else b""


def _of_gif(body: bytes) -> bytes:
    at = 13 + (3 << (body[10] & 7) + 1 if body[10] & 0x80 else 0)  # after the palette
    while body[at] == _GIF_EXTENSION:
        label, (first, *others) = body[at + 1], _blocks(body, at + 2)
        if label == _GIF_APPLICATION and first == _GIF_PROFILE:
            return b"".join(others)
        at += 3 + sum(len(one) + 1 for one in (first, *others))
    return b""


def _blocks(body: bytes, at: int) -> Iterator[bytes]:
    """The blocks of an extension; at least one, which may be empty."""
    while True:
        size = body[at]
        yield body[at + 1 : at + 1 + size]
        at += 1 + size
        if not size or not body[at]:
            return


def _of_jp2(body: bytes) -> bytes:
    header = next((inner for kind, inner in _boxes(body) if kind == b"jp2h"), b"")
    colours = (inner for kind, inner in _boxes(header) if kind == b"colr")
    known = (inner for inner in colours if inner[0] in (1, *_JP2_ICC))
    first = next(known, b"\1")
    return first[3:] if first[0] in _JP2_ICC else b""


def _boxes(body: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Type and contents of each box."""
    at = 0
    while at + 8 <= len(body):
        size, kind = struct.unpack_from(">I4s", body, at)
        start = at + 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", body, start)
            start += 8
        stop = at + size if size else len(body)
        if stop < start:
            return
        yield kind, body[start:stop]
        at = stop
