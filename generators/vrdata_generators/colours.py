"""Colours of existing images as sRGB, as their profile or the chunks of their PNG describe them."""

from __future__ import annotations

import io
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

NOTE = "vrdata_note"
"""Key of `Image.info`: what is wrong with a description of the colours, which is then ignored."""

DESCRIPTIONS = frozenset({"icc_profile", "gamma", "chromaticity"})
"""Keys of `Image.info` that describe the colours."""

MAX_PROFILE_BYTES = 4 * 2**20
_SPACES = {"L": "GRAY", "RGB": "RGB", "CMYK": "CMYK"}
_SAME = 2  # difference of 8-bit values: of profiles of sRGB that were rounded in another way
_GAMMA = 1 / 2.2
_SAME_GAMMA = 0.05  # as in libpng
_SRGB = (0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)  # white, red, green, blue; x and y each
_SAME_POINT = 0.01
_CONES = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
_STRIP = 256  # rows that are converted at a time
_COLOUR_TYPES = {"grey": 0, "rgb": 2}


def to_srgb(image: Image.Image, info: Mapping[Any, Any]) -> Image.Image:
    """An image with the colours that a viewer shows; its alpha channel stays.

    A profile goes before `gamma` and `chromaticity` of a PNG, which go after its chunk sRGB. A
    profile that is damaged, of another kind of image, or larger than MAX_PROFILE_BYTES is ignored
    as in browsers, with a text in `info[NOTE]` of the result.

    Args:
        image: of mode L, LA, RGB, RGBA or CMYK.
        info: its `Image.info`.
    """
    alpha = image.getchannel("A") if image.mode in ("LA", "RGBA") else None
    colours = image if alpha is None else image.convert(image.mode.removesuffix("A"))
    note = ""
    if "icc_profile" in info:
        colours, note = _by_profile(colours, info["icc_profile"] or b"")
    elif "srgb" not in info and DESCRIPTIONS & info.keys():
        colours, note = _by_chunks(colours, info)
        if not note:
            colours.info = {key: colours.info[key] for key in colours.info.keys() - DESCRIPTIONS}
    if colours.mode == "CMYK":
        colours = colours.convert("RGB")
    if alpha is not None:
        colours.putalpha(alpha)
    if note:
        colours = colours.copy() if colours is image else colours
        colours.info[NOTE] = note
    return colours


def check_png(body: bytes, info: dict[Any, Any]) -> None:
    """Correct and check what Pillow reads of the chunks of a PNG.

    Args:
        body: the file.
        info: `Image.info` of the image; the transparent grey of 1, 2 or 4 bits is scaled.

    Raises:
        ValueError: its colours or its transparency cannot be converted without an error.
        Exception: of Pillow, for damaged data.
    """
    with Image.open(io.BytesIO(body), formats=["PNG"]) as image:
        image.verify()  # Pillow shows data with another checksum, with other pixels
    chunks = _chunks(body)
    header, space, clear = (chunks.get(kind, b"") for kind in (b"IHDR", b"cICP", b"tRNS"))
    if space and space[:2] != b"\x01\x0d":
        codes = " ".join(map(str, space[:2]))
        raise ValueError(f"the image has the colours {codes} (chunk cICP), not those of sRGB")
    if len(header) < 10 or not clear:
        return
    depth, kind = header[8], header[9]
    if kind == _COLOUR_TYPES["grey"] and depth < 8 and len(clear) >= 2:
        most = 2**depth - 1
        info["transparency"] = (int.from_bytes(clear[:2]) & most) * 255 // most
    if kind == _COLOUR_TYPES["rgb"] and depth == 16:
        raise ValueError("the image has 16 bits a channel and a transparent colour")


def _chunks(body: bytes) -> dict[bytes, bytes]:
    """The chunks of a PNG before its pixels."""
    found: dict[bytes, bytes] = {}
    at = 8
    while at + 12 <= len(body) and (kind := body[at + 4 : at + 8]) != b"IDAT":
        size = int.from_bytes(body[at : at + 4])
        found.setdefault(kind, body[at + 8 : at + 8 + size])
        at += size + 12
    return found


def _by_profile(image: Image.Image, profile: bytes) -> tuple[Image.Image, str]:
    found = _transform(profile, image.mode)
    if isinstance(found, str):
        return image, f"the colour profile is ignored: {found}"
    mode, transform = found
    if transform is None:  # the profile is sRGB
        return image, ""
    prepared = image if image.mode == mode else image.convert(mode)
    try:
        converted = ImageCms.applyTransform(prepared, transform)
    except (ImageCms.PyCMSError, ValueError):
        converted = None
    if converted is None:
        return image, "the colour profile is ignored: it cannot be applied"
    return converted, ""


@lru_cache(maxsize=4)
def _transform(profile: bytes, mode: str) -> tuple[str, ImageCms.ImageCmsTransform | None] | str:
    """The mode to convert an image to, and its transform to sRGB; or what is wrong."""
    if len(profile) > MAX_PROFILE_BYTES:
        return f"it has {len(profile)} bytes"
    try:
        opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        space = opened.profile.xcolor_space.strip()
        if mode == "L" and space == "RGB":
            mode = "RGB"
        if space != _SPACES[mode]:
            return f"it is of a {space} image, and the image is {mode}"
        srgb = ImageCms.createProfile("sRGB")
        transform = ImageCms.buildTransform(opened, srgb, mode, "RGB")
        same = mode == "RGB" and _is_identity(transform)
    except ImportError:
        return "this Pillow has no LittleCMS"
    except (OSError, ImageCms.PyCMSError, TypeError, ValueError):
        return "it is damaged"
    return mode, None if same else transform


def _is_identity(transform: ImageCms.ImageCmsTransform) -> bool:
    steps = np.arange(0, 256, 17, dtype=np.uint8)
    cube = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(1, -1, 3)
    converted = ImageCms.applyTransform(Image.fromarray(cube), transform)
    found = np.asarray(converted).astype(int) - cube
    return bool(np.abs(found).max() <= _SAME)


def _by_chunks(image: Image.Image, info: Mapping[Any, Any]) -> tuple[Image.Image, str]:
    """Convert by the chunks gAMA and cHRM of a PNG."""
    gamma = info.get("gamma", _GAMMA)
    points = info.get("chromaticity", _SRGB)
    if not 0.01 <= gamma <= 100:
        return image, f"the gamma {gamma} is ignored"
    other = any(abs(one - same) > _SAME_POINT for one, same in zip(points, _SRGB, strict=True))
    if other and image.mode == "RGB":
        try:
            matrix = np.linalg.inv(_to_xyz(_SRGB)) @ _adapted(points)
        except (np.linalg.LinAlgError, ZeroDivisionError):
            return image, f"the chromaticities {points} are ignored"
        return _by_matrix(image, gamma, matrix), ""
    if abs(gamma / _GAMMA - 1) <= _SAME_GAMMA:
        return image.copy(), ""
    table = np.rint(255 * _linear(gamma) ** _GAMMA).astype(int).tolist()
    return image.point(table * len(image.getbands())), ""


def _linear(gamma: float) -> NDArray[np.float64]:
    """The light of each 8-bit value, 0..1."""
    return np.asarray((np.arange(256) / 255) ** (1 / gamma))


def _by_matrix(image: Image.Image, gamma: float, matrix: NDArray[np.float64]) -> Image.Image:
    pixels, light = np.asarray(image), _linear(gamma)
    converted = np.empty_like(pixels)
    for top in range(0, len(pixels), _STRIP):
        strip = np.clip(light[pixels[top : top + _STRIP]] @ matrix.T, 0, 1)
        converted[top : top + _STRIP] = np.rint(255 * strip**_GAMMA)
    return Image.fromarray(converted)


def _adapted(points: tuple[float, ...]) -> NDArray[np.float64]:
    """Red, green and blue as XYZ, seen as if their white were that of sRGB (Bradford)."""
    own = _to_xyz(points)
    scale = (_CONES @ _to_xyz(_SRGB).sum(axis=1)) / (_CONES @ own.sum(axis=1))
    return np.asarray(np.linalg.inv(_CONES) @ np.diag(scale) @ _CONES @ own)


def _to_xyz(points: tuple[float, ...]) -> NDArray[np.float64]:
    """Red, green and blue as XYZ, in columns; together they are white."""
    white, *primaries = (
        [x / y, 1.0, (1 - x - y) / y] for x, y in zip(points[::2], points[1::2], strict=True)
    )
    columns = np.array(primaries).T
    return np.asarray(columns * np.linalg.solve(columns, np.array(white)))
