"""Images whose colours a profile or the chunks of a PNG describe have those of sRGB."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from vrdata_generators import colours
from vrdata_generators.colours import NOTE
from vrdata_generators.images import as_rgb

BT2020 = (31270, 32900, 70800, 29200, 17000, 79700, 13100, 4600)
SRGB = (31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(kind: int, depth: int, row: bytes, width: int, **chunks: bytes) -> bytes:
    """A PNG of one row."""
    header = struct.pack(">IIBBBBB", width, 1, depth, kind, 0, 0, 0)
    others = b"".join(chunk(name.encode(), body) for name, body in chunks.items())
    data = chunk(b"IDAT", zlib.compress(b"\0" + row)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + others + data


def points(values: tuple[int, ...]) -> bytes:
    return struct.pack(">8I", *values)


def matrix_profile(
    *primaries: tuple[float, float, float], gamma: float, space: str = "RGB "
) -> bytes:
    """A profile of linear primaries in XYZ of D50, with one gamma; without primaries, of greys."""

    def fixed(*values: float) -> bytes:
        return struct.pack(f">{len(values)}i", *(round(one * 65536) for one in values))

    curve = b"curv" + struct.pack(">IIH", 0, 1, round(gamma * 256)) + b"\0\0"
    white = b"XYZ " + bytes(4) + fixed(0.9642, 1.0, 0.8249)
    tags = [(b"wtpt", white)]
    if primaries:
        tags += [
            (name, b"XYZ " + bytes(4) + fixed(*one))
            for name, one in zip((b"rXYZ", b"gXYZ", b"bXYZ"), primaries, strict=True)
        ]
        tags += [(name, curve) for name in (b"rTRC", b"gTRC", b"bTRC")]
    else:
        tags.append((b"kTRC", curve))
    table, data, at = struct.pack(">I", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for name, body in tags:
        table += name + struct.pack(">II", at + len(data), len(body))
        data += body
    size = at + len(data)
    header = struct.pack(">I", size) + bytes(4) + struct.pack(">I", 0x02400000) + b"mntr"
    header += (
        space.encode() + b"XYZ " + bytes(12) + b"acsp" + bytes(28) + fixed(0.9642, 1.0, 0.8249)
    )
    return header.ljust(128, b"\0") + table + data


ADOBE = matrix_profile(
    (0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457), gamma=2.2
)
GREY = matrix_profile(gamma=1.0, space="GRAY")
OWN = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def encoded(image: Image.Image, form: str, profile: bytes) -> bytes:
    body = io.BytesIO()
    options: dict[str, Any] = {"quality": 100} if form == "JPEG" else {"lossless": True}
    image.save(body, form, icc_profile=profile, **options)
    return body.getvalue()


def pixel(value: Any) -> Any:
    image = as_rgb(value)
    assert image.mode == "RGB"
    assert as_rgb(image).getpixel((0, 0)) == image.getpixel((0, 0)), "it is converted twice"
    return image.getpixel((0, 0))


def near(value: Any, *expected: int) -> bool:
    return all(abs(one - other) <= 4 for one, other in zip(pixel(value), expected, strict=True))


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "TIFF", "AVIF"])
def test_a_profile_is_applied(form: str) -> None:
    image = Image.new("RGB", (16, 16), (100, 150, 200))
    assert near(encoded(image, form, ADOBE), 66, 151, 203)


def test_a_pillow_image_with_a_profile_does_not_change() -> None:
    image = Image.new("RGB", (1, 1), (100, 150, 200))
    image.info["icc_profile"] = ADOBE
    assert near(image, 66, 151, 203)
    assert image.getpixel((0, 0)) == (100, 150, 200)


def test_a_profile_of_srgb_keeps_every_pixel() -> None:
    ramp = Image.fromarray(np.arange(768, dtype=np.uint8).reshape(1, 256, 3))
    found = as_rgb(encoded(ramp, "PNG", OWN))
    assert found.tobytes() == ramp.tobytes()


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "LA"])
def test_a_profile_is_applied_in_every_mode(mode: str) -> None:
    image = Image.new("RGB", (1, 1), (128, 128, 128))
    image = image.quantize(2) if mode == "P" else image.convert(mode)
    linear = (
        GREY
        if mode in ("L", "LA")
        else matrix_profile(
            (0.43607, 0.22249, 0.01392),
            (0.38515, 0.71687, 0.09708),
            (0.14307, 0.06061, 0.7141),
            gamma=1.0,
        )
    )
    assert near(encoded(image, "PNG", linear), 188, 188, 188)


def test_transparent_pixels_are_white_after_the_profile() -> None:
    image = Image.new("RGBA", (1, 1), (100, 150, 200, 0))
    assert pixel(encoded(image, "PNG", ADOBE)) == (255, 255, 255)


def test_a_grey_image_may_have_a_profile_of_colours() -> None:
    assert near(encoded(Image.new("L", (1, 1), 128), "PNG", ADOBE), 128, 128, 128)


@pytest.mark.parametrize(
    ("mode", "profile", "words"),
    [
        ("RGB", b"no profile", "it is damaged"),
        ("RGB", ADOBE[:200], "it is damaged"),
        ("RGB", GREY, "it is of a GRAY image, and the image is RGB"),
        ("RGBA", GREY, "it is of a GRAY image"),
        ("CMYK", ADOBE, "it is of a RGB image, and the image is CMYK"),
    ],
)
def test_a_profile_that_cannot_be_used_is_ignored_and_named(
    mode: str, profile: bytes, words: str
) -> None:
    image = Image.new(mode, (1, 1))
    plain = as_rgb(image)
    image.info["icc_profile"] = profile
    found = as_rgb(image)
    assert found.getpixel((0, 0)) == plain.getpixel((0, 0))
    assert words in found.info[NOTE]


def test_a_png_whose_profile_cannot_be_unpacked_says_so() -> None:
    found = as_rgb(png(2, 8, b"abc", 1, iCCP=b"x\0\0no"))
    assert (found.getpixel((0, 0)), NOTE in found.info) == ((97, 98, 99), True)


def test_a_profile_that_is_too_large_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(colours, "MAX_PROFILE_BYTES", 100)
    image = Image.new("RGB", (1, 1), (1, 2, 3))
    image.info["icc_profile"] = ADOBE + b"\0"
    assert "it has" in as_rgb(image).info[NOTE]


def gamma(value: float) -> bytes:
    return struct.pack(">I", round(value * 100000))


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        ({"gAMA": gamma(0.45455)}, (100, 150, 200)),
        ({"gAMA": gamma(0.45455), "cHRM": points(SRGB)}, (100, 150, 200)),
        ({"gAMA": gamma(1.0)}, (167, 200, 228)),
        ({"gAMA": gamma(1.0), "sRGB": b"\0"}, (100, 150, 200)),
        ({"gAMA": gamma(0.45455), "cHRM": points(BT2020)}, (0, 153, 205)),
        ({"cHRM": points(BT2020)}, (0, 153, 205)),
        ({"cHRM": points(BT2020), "sRGB": b"\0"}, (100, 150, 200)),
        ({"cICP": b"\x01\x0d\0\1"}, (100, 150, 200)),
        ({"gAMA": gamma(0)}, (100, 150, 200)),
        ({"cHRM": points((31270, 0, *SRGB[2:]))}, (100, 150, 200)),
    ],
)
def test_gamma_and_primaries_of_a_png(chunks: dict[str, bytes], expected: Any) -> None:
    assert near(png(2, 8, bytes((100, 150, 200)), 1, **chunks), *expected)


def test_white_and_greys_stay_grey_with_other_primaries() -> None:
    body = png(2, 8, bytes((255, 255, 255)), 1, cHRM=points((34567, 35850, *BT2020[2:])))
    assert near(body, 255, 255, 255)


def test_gamma_of_a_grey_png() -> None:
    assert near(png(0, 8, b"\x64", 1, gAMA=gamma(1.0)), 167, 167, 167)


def test_colours_of_high_dynamic_range_are_refused() -> None:
    with pytest.raises(ValueError, match="colours 9 16"):
        as_rgb(png(2, 8, b"abc", 1, cICP=b"\x09\x10\0\1"))


@pytest.mark.parametrize(
    ("depth", "row", "clear"),
    [
        (1, b"\x40", 1),
        (2, b"\x10", 1),
        (4, b"\x05", 5),
        (8, b"\0\x05", 5),
        (16, b"\0\0\x12\x34", 0x1234),
    ],
)
def test_a_transparent_grey_is_white_at_every_depth(depth: int, row: bytes, clear: int) -> None:
    image = as_rgb(png(0, depth, row, 2, tRNS=struct.pack(">H", clear)))
    assert [image.getpixel((at, 0)) for at in (0, 1)] == [(0, 0, 0), (255, 255, 255)]


def test_a_grey_that_only_rounds_to_the_transparent_one_is_opaque() -> None:
    body = png(0, 16, b"\x12\x35", 1, tRNS=struct.pack(">H", 0x1234))
    assert pixel(body) == (18, 18, 18)


def test_a_transparent_colour_of_sixteen_bits_is_refused() -> None:
    body = png(2, 16, bytes(6), 1, tRNS=bytes(6))
    with pytest.raises(ValueError, match="16 bits a channel and a transparent colour"):
        as_rgb(body)


def test_lab_is_refused() -> None:
    with pytest.raises(ValueError, match="mode LAB"):
        as_rgb(Image.new("LAB", (1, 1)))
