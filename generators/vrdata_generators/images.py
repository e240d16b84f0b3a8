"""Images of existing data as RGB: whatever holds one picture, in the form that a viewer shows."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from vrdata_generators.colours import DESCRIPTIONS, check_png, to_srgb
from vrdata_generators.embedded.profiles import profile_in
from vrdata_generators.values import encoded

MAX_PIXELS = 8192 * 8192
# Pillow would start another program for some of the others.
FORMATS = ("AVIF", "BMP", "GIF", "ICO", "JPEG", "JPEG2000", "MPO", "PNG", "PPM", "TIFF", "WEBP")
_MODULES = ("Avif", "Ico", "Jpeg2K", "Mpo", "WebP", "Tiff")  # those that preinit does not import
_WHITE = (255, 255, 255)
_ORIENTATION = 0x0112  # the field of EXIF data
_CHANNELS = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
_MODES = {"1": "L", "L": "L", "CMYK": "CMYK", "P": "RGB", "RGB": "RGB"}
_MODES |= dict.fromkeys(("RGBX", "YCbCr", "HSV"), "RGB")
_TREATED = DESCRIPTIONS | {"transparency"}
_ALPHA = {"LA": "LA", "RGBA": "RGBA", "PA": "RGBA", "La": "LA", "RGBa": "RGBA"}
_OTHERS = (  # first bytes, in lower case without white space, of what is often taken for an image
    (b"<!doctype html", "a web page"),
    (b"<html", "a web page"),
    (b"<svg", "an SVG drawing, which has no pixels"),
    (b"<?xml", "an XML document"),
    (b"{", "JSON"),
    (b"version https://git-lfs", "a Git LFS pointer; fetch the file with `git lfs pull`"),
    (b"%pdf", "a PDF document"),
    (b"%!ps", "a PostScript document"),
)

_SIGNATURES = (b"\x89PNG", b"\xff\xd8", b"GIF8", b"BM", b"RIFF", b"II*\0", b"MM\0*")


def prepare() -> None:
    """Import what reads images, before processes are forked that do."""
    _formats()


def as_rgb(value: Any, base: Path | None = None) -> Image.Image:
    """The RGB image that a value holds.

    Of an animation, the first frame; rotated as its EXIF data says; transparent parts are white;
    16 bits a channel become 8; colours become sRGB by the image's profile, or by the gamma and the
    primaries of a PNG. A profile that cannot be used is ignored, as in browsers, and
    `image.info[vrdata_generators.colours.NOTE]` says why. CMYK without a profile is converted as
    Pillow does.

    Args:
        value: a Pillow image; a numpy array or nested lists of height x width, with 1 to 4
            channels or without: bool, integers 0..255, uint16, or floats 0..1 (if one is larger,
            0..255); encoded bytes; a path; `data:image/…;base64,…`; or a dict of Hugging Face
            `datasets`, {"bytes": …, "path": …}.
        base: the folder of relative paths; a path must not leave it.

    Raises:
        ValueError: it is no image, is damaged, has more than MAX_PIXELS pixels, or has colours
            that cannot be converted.
    """
    body = encoded(value, base)
    if body is not None:
        return _decoded(body)
    match value:
        case Image.Image():
            return _converted(value)
        case Mapping():  # of an image that is not encoded
            return as_rgb(value["bytes"], base)
        case list() | tuple():
            return _of_array(_array(value))
        case None:
            raise ValueError("there is no image: the value is empty")
        case _ if hasattr(value, "__array__"):
            return _of_array(np.asarray(value))
    raise ValueError(f"{type(value).__name__} is not an image")


def _decoded(body: bytes) -> Image.Image:
    head = body[:512].lstrip().lower()
    for start, what in _OTHERS:
        if head.startswith(start):
            raise ValueError(f"it is not an image but {what}")
    if not body:
        raise ValueError("the image is empty: it has no bytes")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of sizes, which are checked, and damaged EXIF
            return _opened(body)
    except UnidentifiedImageError:
        if body.startswith(_SIGNATURES):
            raise ValueError("the image is damaged: its header is incomplete") from None
        raise ValueError(f"the image has none of the formats {', '.join(FORMATS)}") from None
    except Image.DecompressionBombError:
        raise ValueError(f"the image has more than {MAX_PIXELS} pixels") from None
    except (ValueError, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001 - decoders raise errors of many types
        why = f"{error}" or type(error).__name__
        raise ValueError(f"the image is damaged: {why[:300]}") from None


def _opened(body: bytes) -> Image.Image:
    with Image.open(io.BytesIO(body), formats=_formats()) as image:
        _check_size(*image.size)
        if image.format == "PNG":
            check_png(body, image.info)
        image.load()
        if profile := profile_in(image.format or "", body):
            image.info["icc_profile"] = profile
        return _converted(image)


def _formats() -> list[str]:
    """The formats that this Pillow can read; the first call imports only their modules."""
    if "TIFF" not in Image.OPEN:
        Image.preinit()
        for name in _MODULES:
            with contextlib.suppress(ImportError):  # AVIF came with Pillow 11.3
                import_module(f"PIL.{name}ImagePlugin")
    return [name for name in FORMATS if name in Image.OPEN]


def _check_size(width: int, height: int) -> None:
    if not width or not height:
        raise ValueError(f"the image has no pixels: {width} x {height}")
    if width * height > MAX_PIXELS:
        raise ValueError(f"the image has {width} x {height} pixels, at most {MAX_PIXELS}")


def _converted(image: Image.Image) -> Image.Image:
    _check_size(*image.size)
    if image.tell():
        image.seek(0)
    image = _turned(image)
    info = image.info
    if image.mode == "RGB" and not _TREATED & info.keys():
        image.load()
        return image
    if image.mode.startswith(("I", "F")):
        image = _eight_bits(image)
    elif image.mode in _ALPHA:
        image = image.convert(_ALPHA[image.mode])
    elif "transparency" in info:
        image = image.convert("LA" if image.mode in ("1", "L") else "RGBA")
    elif image.mode in _MODES:
        image = image.convert(_MODES[image.mode])
    else:
        raise ValueError(f"the image has the mode {image.mode}, which is not supported")
    found = to_srgb(image, info)
    if "A" in found.mode:
        return _on_white(found)
    return found if found.mode == "RGB" else found.convert("RGB")


def _turned(image: Image.Image) -> Image.Image:
    with contextlib.suppress(Exception):  # viewers ignore EXIF data that are damaged, too
        if image.getexif().get(_ORIENTATION, 1) != 1:
            return ImageOps.exif_transpose(image)
    return image


def _on_white(image: Image.Image) -> Image.Image:
    paper = Image.new("RGBA", image.size, (*_WHITE, 255))
    found = Image.alpha_composite(paper, image.convert("RGBA")).convert("RGB")
    found.info |= image.info
    return found


def _eight_bits(image: Image.Image) -> Image.Image:
    """An image with more than 8 bits a pixel as L, or LA if it has a transparent value."""
    values = _shades(image)
    found = _image_of(values)
    if "transparency" in image.info:
        opaque = values != image.info["transparency"]
        found.putalpha(Image.fromarray(opaque.astype(np.uint8) * np.uint8(255)))
    return found


def _shades(image: Image.Image) -> NDArray[Any]:
    """The values of an image with more than 8 bits a pixel; integers have 16."""
    values = np.asarray(image)
    if values.dtype.kind == "f":
        return values
    _check_range(values, 65535)
    return values.astype(np.uint16)


def _array(value: list[Any] | tuple[Any, ...]) -> NDArray[Any]:
    try:
        return np.asarray(value)
    except ValueError:
        raise ValueError("the lists are not an image: their lengths differ") from None


def _of_array(array: NDArray[Any]) -> Image.Image:
    return _converted(_image_of(array))


def _image_of(array: NDArray[Any]) -> Image.Image:
    if array.ndim == 3 and array.shape[2] not in _CHANNELS and array.shape[0] in _CHANNELS:
        array = np.moveaxis(array, 0, 2)  # channels first, as in PyTorch
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    shape = " x ".join(map(str, array.shape))
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in _CHANNELS):
        raise ValueError(f"an array of {shape or 'no'} values is not an image")
    _check_size(array.shape[1], array.shape[0])
    mode = "L" if array.ndim == 2 else _CHANNELS[array.shape[2]]
    pixels = np.ascontiguousarray(_bytes_of(array))
    return Image.frombytes(mode, (array.shape[1], array.shape[0]), pixels.tobytes())


def _bytes_of(array: NDArray[Any]) -> NDArray[np.uint8]:
    kind = array.dtype.kind
    if kind == "b":
        return array.astype(np.uint8) * np.uint8(255)
    if kind == "u" and array.dtype.itemsize == 2:  # in either order of bytes
        return ((array.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8)
    if kind in "ui":
        _check_range(array, 255)
        return array.astype(np.uint8)
    if kind != "f":
        raise ValueError(f"an array of {array.dtype} is not an image")
    if not np.isfinite(array).all():
        raise ValueError("the image has values that are NaN or infinite")
    _check_range(array, 255)
    values = array.astype(np.float64)
    scaled = values * 255 if values.max() <= 1 else values
    return np.floor(scaled + 0.5).astype(np.uint8)


def _check_range(array: NDArray[Any], most: int) -> None:
    low, high = array.min(), array.max()
    if low < 0 or high > most:
        raise ValueError(f"the image has values from {low} to {high}, not from 0 to {most}")
