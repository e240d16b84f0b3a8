"""Image.convert between RGB and RGBA: copy the memory and set the fourth byte of each pixel.

Both modes have four bytes a pixel; Pillow converts them byte by byte.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from PIL import Image

from vrdata_child.encoders.pixels import READS_IN_PLACE, Packed

_PAIRS = frozenset({("RGB", "RGBA"), ("RGBA", "RGB")})
# Pillow itself is faster for fewer pixels, and keeps more of them in several pieces.
_PIXELS = range(2**12, 2**22 + 1)
_FOURTH_BYTE = np.uint32(0xFF000000)  # little-endian, as all platforms of vrdata


def install() -> None:
    """Patch Image.convert in this process, if pixels can be read in place."""
    if READS_IN_PLACE:
        Image.Image.convert = faster(Image.Image.convert)  # type: ignore[method-assign]


def faster(original: Any) -> Any:
    """A replacement of Image.convert; it leaves all other conversions to the original."""

    @functools.wraps(original)
    def convert(self: Image.Image, mode: Any = None, *further: Any, **named: Any) -> Image.Image:
        known = not further and not named and type(mode) is str and type(self) is Image.Image
        if known and (self.mode, mode) in _PAIRS and _is_usual(self):
            copy = _opaque(self, mode)
            if copy is not None:
                return copy
        return original(self, mode, *further, **named)  # type: ignore[no-any-return]

    return convert


def _is_usual(image: Image.Image) -> bool:
    return image.width * image.height in _PIXELS and "transparency" not in image.info


def _opaque(image: Image.Image, mode: str) -> Image.Image | None:
    """The image in another mode of four bytes; None if its pixels are not in one piece."""
    source = Packed(image)
    made = Image.new(mode, image.size)
    target = Packed(made)
    if not (source.in_place and target.in_place):
        return None
    np.bitwise_or(source.words(), _FOURTH_BYTE, out=target.words())
    return image._new(made.im)  # noqa: SLF001 - as Image.convert does
