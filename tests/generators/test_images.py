"""`as_rgb`: every way to hold a picture gives the image that a viewer shows, or a ValueError."""

from __future__ import annotations

import base64
import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from vrdata_generators import images
from vrdata_generators.images import as_rgb

RED, BLUE, WHITE = (255, 0, 0), (0, 0, 255), (255, 255, 255)


def encoded(image: Image.Image, form: str = "PNG", **options: Any) -> bytes:
    target = io.BytesIO()
    image.save(target, form, **options)
    return target.getvalue()


def pixel(value: Any, at: tuple[int, int] = (0, 0)) -> Any:
    image = as_rgb(value)
    assert image.mode == "RGB"
    assert "transparency" not in image.info
    return image.getpixel(at)


def solid(mode: str, colour: Any, size: tuple[int, int] = (4, 3)) -> Image.Image:
    return Image.new(mode, size, colour)


def palette(transparent: bool) -> Image.Image:
    image = solid("P", 0)
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.putpixel((1, 0), 1)
    if transparent:
        image.info["transparency"] = 0
    return image


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (solid("RGB", RED), RED),
        (solid("1", 1), WHITE),
        (solid("L", 7), (7, 7, 7)),
        (solid("LA", (0, 0)), WHITE),
        (solid("LA", (10, 255)), (10, 10, 10)),
        (solid("RGBA", (255, 0, 0, 255)), RED),
        (solid("RGBA", (255, 0, 0, 0)), WHITE),
        (solid("RGBA", (0, 0, 0, 51)), (204, 204, 204)),
        (solid("RGBa", (0, 0, 0, 0)), WHITE),
        (solid("La", (0, 0)), WHITE),
        (solid("CMYK", (0, 255, 255, 0)), RED),
        (solid("YCbCr", (255, 128, 128)), WHITE),
        (solid("HSV", (0, 255, 255)), RED),
        (solid("I;16", 65535), WHITE),
        (solid("I;16", 257), (1, 1, 1)),
        (solid("I", 65535), WHITE),
        (solid("F", 1.0), WHITE),
        (solid("F", 0.2), (51, 51, 51)),
        (palette(transparent=False), RED),
        (palette(transparent=True), WHITE),
    ],
    ids=lambda value: getattr(value, "mode", None),
)
def test_every_mode_of_pillow(image: Image.Image, expected: Any) -> None:
    assert pixel(image) == expected


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (np.full((3, 4), 9, np.uint8), (9, 9, 9)),
        (np.full((3, 4, 1), 9, np.uint8), (9, 9, 9)),
        (np.full((3, 4, 3), RED, np.uint8), RED),
        (np.full((3, 4, 4), (0, 0, 255, 255), np.uint8), BLUE),
        (np.full((3, 4, 4), (0, 0, 255, 0), np.uint8), WHITE),
        (np.full((3, 4, 2), (5, 255), np.uint8), (5, 5, 5)),
        (np.moveaxis(np.full((30, 40, 3), RED, np.uint8), 2, 0), RED),
        (np.full((3, 4), 65535, np.uint16), WHITE),
        (np.full((3, 4), 257, np.uint16), (1, 1, 1)),
        (np.full((3, 4), 65535, ">u2"), WHITE),
        (np.full((3, 4), 200, ">u2"), (1, 1, 1)),
        (np.full((3, 4, 3), 0.2), (51, 51, 51)),
        (np.full((3, 4), 1.0, np.float16), WHITE),
        (np.full((3, 4), 200.4, np.float32), (200, 200, 200)),
        (np.full((3, 4), 200, np.int64), (200, 200, 200)),
        (np.full((3, 4), True), WHITE),
        (np.full((3, 4, 3), RED, np.uint8)[::-1, ::-1], RED),
        ([[0, 255], [255, 0]], (0, 0, 0)),
        ([[[1.0, 0.0, 0.0]]], RED),
    ],
)
def test_every_kind_of_array(array: Any, expected: Any) -> None:
    assert pixel(array) == expected


def test_an_array_keeps_its_height_and_width() -> None:
    assert as_rgb(np.zeros((3, 4), np.uint8)).size == (4, 3)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM", "ICO"])
def test_bytes_of_every_format(form: str) -> None:
    red, green, blue = pixel(encoded(solid("RGB", RED, (16, 16)), form))
    assert red > 240
    assert max(green, blue) < 16


def test_bytes_in_other_wrappings(tmp_path: Path) -> None:
    body = encoded(solid("RGB", RED))
    (tmp_path / "a.png").write_bytes(body)
    url = f"data:image/png;base64,{base64.b64encode(body).decode()}"
    for value in (bytearray(body), memoryview(body), url, tmp_path / "a.png"):
        assert pixel(value) == RED
    assert pixel({"bytes": body, "path": "gone.png"}) == RED
    assert pixel({"bytes": None, "path": str(tmp_path / "a.png")}) == RED
    assert as_rgb("a.png", tmp_path).getpixel((0, 0)) == RED
    assert as_rgb({"bytes": None, "path": "a.png"}, tmp_path).getpixel((0, 0)) == RED


@pytest.mark.parametrize("form", ["GIF", "PNG", "WEBP", "TIFF"])
def test_the_first_frame_of_an_animation(form: str) -> None:
    options: dict[str, Any] = {"lossless": True} if form == "WEBP" else {}
    other = [solid("RGB", BLUE)]
    body = encoded(solid("RGB", RED), form, save_all=True, append_images=other, **options)
    assert pixel(body) == RED
    with Image.open(io.BytesIO(body)) as opened:
        opened.seek(1)
        assert pixel(opened) == RED


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize(("orientation", "red_at"), [(1, (0, 0)), (3, (31, 15)), (6, (15, 0))])
def test_an_image_is_rotated_as_its_exif_data_says(
    form: str, orientation: int, red_at: tuple[int, int]
) -> None:
    image = solid("RGB", BLUE, (32, 16))
    image.paste(RED, (0, 0, 8, 8))
    exif = Image.Exif()
    exif[0x0112] = orientation
    turned = as_rgb(encoded(image, form, exif=exif))
    assert turned.size == ((16, 32) if orientation == 6 else (32, 16))
    red, _, blue = turned.getpixel(red_at)  # type: ignore[misc]
    assert red > 200
    assert blue < 60


def test_a_transparent_colour_of_a_png_is_white() -> None:
    assert pixel(encoded(solid("RGB", RED), transparency=RED)) == WHITE
    assert pixel(encoded(palette(transparent=True), transparency=0)) == WHITE
    assert pixel(encoded(solid("L", 3), transparency=3)) == WHITE


def test_sixteen_bits_of_a_png_are_scaled() -> None:
    assert pixel(encoded(Image.fromarray(np.full((3, 4), 65535, np.uint16)))) == WHITE
    middle = Image.fromarray(np.full((3, 4), 32896, np.uint16))
    assert pixel(encoded(middle)) == pixel(encoded(middle, "TIFF")) == (128, 128, 128)


def test_a_cmyk_image_becomes_rgb() -> None:
    red, green, blue = pixel(encoded(solid("CMYK", (0, 255, 255, 0), (16, 16)), "JPEG"))
    assert red > 240
    assert max(green, blue) < 16
    assert pixel(encoded(solid("CMYK", (0, 255, 255, 0)), "TIFF")) == RED


def test_the_given_image_does_not_change() -> None:
    image = solid("RGBA", (0, 0, 0, 0))
    as_rgb(image)
    assert (image.mode, image.getpixel((0, 0))) == ("RGBA", (0, 0, 0, 0))


def bomb(width: int, height: int) -> bytes:
    """A PNG that claims a size."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


PICTURE = encoded(Image.effect_noise((64, 64), 50))
JPEG = encoded(Image.effect_noise((64, 64), 50).convert("RGB"), "JPEG")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "the value is empty"),
        (3, "int is not an image"),
        (object(), "object is not an image"),
        (b"", "it has no bytes"),
        (b"nothing", "none of the formats"),
        (b"\n<!DOCTYPE html><html>", "a web page"),
        (b"<html>", "a web page"),
        (b'{"error": "not found"}', "JSON"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer"),
        (b"<svg xmlns=''>", "an SVG drawing"),
        (b"%PDF-1.7", "a PDF document"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 1 1\n", "a PostScript document"),
        (PICTURE[: len(PICTURE) // 2], "the image is damaged"),
        (PICTURE[:40], "the image is damaged"),
        (JPEG[: len(JPEG) // 2], "the image is damaged"),
        (PICTURE[:200] + b"\0" * 200 + PICTURE[400:], "the image is damaged"),
        (bomb(30000, 30000), "pixels"),
        (bomb(8193, 8192), "8193 x 8192 pixels"),
        (bomb(0, 5), ""),
        ("data:image/png,abc", "has no base64 data"),
        ("data:image/png;base64,??", "is damaged"),
        ("https://example.org/a.png", "is a URL, and a converter has no network"),
        ("/nowhere/a.png", "cannot be read"),
        ("a\0b", "is not a path"),
        ({}, "neither bytes nor a path"),
        ({"bytes": None, "path": None}, "neither bytes nor a path"),
        (np.zeros((0, 4)), "no pixels"),
        (np.zeros(4), "an array of 4 values is not an image"),
        (np.zeros((2, 2, 2, 3)), "an array of 2 x 2 x 2 x 3 values is not an image"),
        (np.zeros((5, 5, 7)), "an array of 5 x 5 x 7 values is not an image"),
        (np.full((2, 2), np.nan), "NaN or infinite"),
        (np.full((2, 2), 300), "from 300 to 300, not from 0 to 255"),
        (np.full((2, 2), -1.0), "from -1.0 to -1.0"),
        (np.full((2, 2), "x"), "is not an image"),
        (np.zeros((2, 2), complex), "an array of complex128 is not an image"),
        ([[1], [1, 2]], "their lengths differ"),
        (solid("I", 70000), "from 70000 to 70000, not from 0 to 65535"),
        (solid("LAB", 0), "the mode LAB, which is not supported"),
    ],
)
def test_a_value_that_is_not_an_image_has_one_clear_error(value: Any, words: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the words follow
        as_rgb(value)
    assert words in str(caught.value)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("path", ["../a.png", "/etc/hostname", "link.png", "none.png"])
def test_a_path_leads_to_a_file_of_the_item_only(path: str, tmp_path: Path) -> None:
    base = tmp_path / "base"
    base.mkdir()
    (tmp_path / "a.png").write_bytes(PICTURE)
    (base / "link.png").symlink_to(tmp_path / "a.png")
    with pytest.raises(ValueError, match="files of the item"):
        as_rgb(path, base)


def test_the_limit_counts_pixels_of_images_and_arrays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "MAX_PIXELS", 11)
    for value in (solid("RGB", RED), np.zeros((3, 4)), encoded(solid("RGB", RED))):
        with pytest.raises(ValueError, match="4 x 3 pixels, at most 11"):
            as_rgb(value)
