"""Check media files and hash their pixels; videos of the child's own encoder are not decoded.

The encoder registers each finished video by the sha256 of its bytes, so a generator may copy or
move it. Everything else is decoded.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from vrdata_child.encoders.h264 import VideoEncoder, VideoFacts
from vrdata_child.encoders.png import rgb_bands
from vrdata_child.encoders.png_reading import read_png
from vrdata_child.sample.invalid import SampleInvalidError

MAX_PIXELS = 8192 * 8192
REMEMBERED = 4096
T = TypeVar("T")


class _Memory(Generic[T]):
    """The last REMEMBERED facts, by sha256 of the file.

    Attributes:
        recall: learns the facts that other processes know; called for an unknown file.
    """

    def __init__(self) -> None:
        self._facts: OrderedDict[str, T] = OrderedDict()
        self.recall: Callable[[], None] = lambda: None

    def remember(self, sha256: str, fact: T) -> None:
        """Keep a fact; drop the oldest beyond REMEMBERED."""
        self._facts[sha256] = fact
        if len(self._facts) > REMEMBERED:
            self._facts.popitem(last=False)

    def forget(self, sha256: str) -> T | None:
        """Remove the fact of a file; returns it, or None."""
        return self._facts.pop(sha256, None)

    def get(self, sha256: str) -> T | None:
        """The fact of a file, or None."""
        if sha256 not in self._facts:
            self.recall()
        return self._facts.get(sha256)


video_facts: _Memory[VideoFacts] = _Memory()
known_pixels: _Memory[str] = _Memory()
"""The pixel hash of a PNG file that vrdata has just written from an image in memory."""

# Why the frames of a video are missing; also by the hash of an empty file.
dropped_frames: _Memory[str] = _Memory()


def finish_video(encoder: VideoEncoder, path: Path, note: str = "") -> VideoFacts:
    """Close an encoder and remember the facts of its file.

    Args:
        encoder: with at least one frame.
        path: its file.
        note: what the file does not have of the generator's video, or "".
    """
    facts = replace(encoder.close(), notes=(note,) if note else ())
    video_facts.remember(file_sha256(path), facts)
    return facts


def file_sha256(path: Path) -> str:
    """Hex sha256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def pixel_hash(image: Image.Image) -> str:
    """Hex sha256 over the size and the RGB pixels."""
    image.info.pop("transparency", None)  # it changes no pixel, and Pillow warns about it
    rgb = image if image.mode == "RGB" else image.convert("RGB")
    rgb.load()
    return _hash(rgb.width, rgb.height, (band.data for band in rgb_bands(rgb.im)))


def check_png(path: Path) -> str:
    """The pixel hash of a PNG file.

    Raises:
        SampleInvalidError: not a PNG, truncated, or too large.
    """
    return _own_hash(path) or _decoded_hash(path)


def _own_hash(path: Path) -> str:
    """The pixel hash of a file as vrdata's encoder writes it; "" for another one."""
    pixels = read_png(path.read_bytes())
    if pixels is None or pixels.shape[0] * pixels.shape[1] > MAX_PIXELS:
        return ""
    if pixels.shape[2] == 1:
        pixels = pixels.repeat(3, axis=2)
    return array_hash(pixels[:, :, :3])


def array_hash(pixels: NDArray[np.uint8]) -> str:
    """`pixel_hash` of RGB pixels (height, width, 3)."""
    return _hash(pixels.shape[1], pixels.shape[0], [np.ascontiguousarray(pixels).data])


def _hash(width: int, height: int, pixels: Iterable[memoryview]) -> str:
    digest = hashlib.sha256(f"{width}x{height}".encode())
    for part in pixels:
        digest.update(part)
    return digest.hexdigest()


def _decoded_hash(path: Path) -> str:
    try:
        with Image.open(path, formats=["PNG"]) as image:
            if image.width * image.height > MAX_PIXELS:
                raise _too_large(path, image)
            image.load()
            return pixel_hash(image)
    except SampleInvalidError:
        raise
    except Image.DecompressionBombError as error:
        raise SampleInvalidError("TooLarge", f"{path.name}: {error}") from None
    except UnidentifiedImageError:
        raise SampleInvalidError("NotAPng", f"{path.name} is not a PNG image") from None
    except (OSError, SyntaxError, ValueError) as error:
        raise SampleInvalidError("PngTruncated", f"{path.name} does not decode: {error}") from None


def check_image(path: Path) -> None:
    """Decode an image that is not a PNG, as readers do because of its ending.

    Raises:
        SampleInvalidError: it does not decode, or is too large.
    """
    try:
        with Image.open(path) as image:
            if image.width * image.height > MAX_PIXELS:
                raise _too_large(path, image)
            image.load()
    except Image.DecompressionBombError as error:
        raise SampleInvalidError("TooLarge", f"{path.name}: {error}") from None
    except (OSError, SyntaxError, ValueError) as error:
        raise SampleInvalidError(
            "ImageUndecodable", f"{path.name} does not decode: {error}"
        ) from None


def content_hash(first: str, final: str, prompt: str) -> str:
    """Hex sha256 over the pixel hashes of both frames and the prompt; equal for duplicates."""
    return hashlib.sha256(f"{first}\n{final}\n{prompt}".encode()).hexdigest()


def _too_large(path: Path, image: Image.Image) -> SampleInvalidError:
    size = f"{image.width} x {image.height} pixels"
    return SampleInvalidError("TooLarge", f"{path.name} has {size}, at most {MAX_PIXELS}")
