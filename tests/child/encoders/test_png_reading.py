"""Reading PNG files: the pixels that Pillow reads, or none."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from vrdata_child.encoders import png
from vrdata_child.encoders.png_reading import read_plain_rgb, read_png

PICTURE = Image.linear_gradient("L").resize((20, 12)).convert("RGB")
STREAM = png.image_stream(PICTURE.im, "RGB")
FILE = png.png_bytes((20, 12, 2), STREAM)


def by_pillow(image: Image.Image, **params: object) -> bytes:
    body = io.BytesIO()
    image.save(body, "PNG", **params)
    return body.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def file(*chunks: bytes) -> bytes:
    return FILE[:33] + b"".join(chunks) + chunk(b"IEND", b"")


def test_texts_and_the_resolution_change_no_pixel() -> None:
    texts = chunk(b"tEXt", b"Software\0x") + chunk(b"pHYs", bytes(9))
    found = read_png(FILE[:33] + texts + FILE[33:])
    assert found is not None
    assert np.array_equal(found, np.asarray(PICTURE))


OTHERS = {
    "filters of Pillow": by_pillow(PICTURE),
    "numbers of colours": by_pillow(PICTURE.convert("P")),
    "16 bits": by_pillow(PICTURE.convert("L").convert("I;16")),
    "grey with transparency": by_pillow(PICTURE.convert("LA")),
    "a transparent colour": file(chunk(b"tRNS", bytes(6)), chunk(b"IDAT", STREAM)),
    "an animation": by_pillow(PICTURE, save_all=True, append_images=[PICTURE.rotate(9)]),
    "two parts": file(chunk(b"IDAT", STREAM[:20]), chunk(b"IDAT", STREAM[20:])),
    "cut": FILE[:-20],
    "bytes behind the end": FILE + b"x",
    "a wrong checksum": FILE[:40] + b"\0" + FILE[41:],
    "too few rows": file(chunk(b"IDAT", zlib.compress(bytes(61 * 11)))),
    "too many rows": file(chunk(b"IDAT", zlib.compress(bytes(61 * 13)))),
    "not compressed": file(chunk(b"IDAT", b"no")),
    "bytes behind the data": file(chunk(b"IDAT", STREAM + b"x")),
    "no data": file(),
    "interlaced": FILE[:8]
    + chunk(b"IHDR", struct.pack(">IIBBBBB", 20, 12, 8, 2, 0, 0, 1))
    + FILE[33:],
    "an unknown chunk": file(chunk(b"abCd", b""), chunk(b"IDAT", STREAM)),
    "another format": b"BM" + FILE,
    "nothing": b"",
}


@pytest.mark.parametrize("data", OTHERS.values(), ids=OTHERS)
def test_other_files_are_left_to_pillow(data: bytes) -> None:
    assert read_png(data) is None


def test_the_filter_none_is_read() -> None:
    plain = b"".join(b"\0" + row.tobytes() for row in np.asarray(PICTURE))
    found = read_png(file(chunk(b"IDAT", zlib.compress(plain))))
    assert found is not None
    assert np.array_equal(found, np.asarray(PICTURE))


PLAIN = {
    "own filters": FILE,
    "filters of Pillow": by_pillow(PICTURE),
    "two parts": OTHERS["two parts"],
}


@pytest.mark.parametrize("what", PLAIN)
def test_a_complete_file_of_rgb_pixels_is_plain(what: str) -> None:
    found = read_plain_rgb(PLAIN[what])
    assert found is not None
    assert np.array_equal(found, np.asarray(PICTURE))


@pytest.mark.parametrize("width", [1, 2, 7, 64, 333])
def test_rows_of_all_filters_have_the_pixels_that_pillow_reads(width: int) -> None:
    rng = np.random.default_rng(width)
    for number in range(12):  # an image after another one
        rows = rng.integers(0, 256, (31, 1 + 3 * width), np.uint8)
        rows[:, 0] = rng.integers(0, 5, 31) if number else 4
        header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, 31, 8, 2, 0, 0, 0))
        data = chunk(b"IDAT", zlib.compress(rows.tobytes()))
        body = FILE[:8] + header + data + chunk(b"IEND", b"")
        found = read_plain_rgb(body)
        assert found is not None
        assert np.array_equal(found, np.asarray(Image.open(io.BytesIO(body))))


NOT_PLAIN = {name: data for name, data in OTHERS.items() if name not in PLAIN} | {
    "a text": file(chunk(b"tEXt", b"Software\0x"), chunk(b"IDAT", STREAM)),
    "grey": by_pillow(PICTURE.convert("L")),
    "transparency": by_pillow(PICTURE.convert("RGBA")),
    "an unknown filter": file(chunk(b"IDAT", zlib.compress((b"\x05" + bytes(60)) * 12))),
    "an end with content": FILE[:-12] + chunk(b"IEND", b"x"),
    "no PNG": b"GIF89a",
}


@pytest.mark.parametrize("what", NOT_PLAIN)
def test_what_readers_could_see_differently_is_not_plain(what: str) -> None:
    assert read_plain_rgb(NOT_PLAIN[what]) is None
