"""ImageDraw.polygon with a wide outline: work on the polygon's box, not on the whole image.

Up to version 11.2, Pillow draws the polygon three times on new images of the full size, and
pastes all of the last one. Here the same calls draw on images that are kept, and only the box is
pasted and cleared. The coordinates stay the same, so each pixel does.
"""

from __future__ import annotations

import inspect
import math
import threading
from typing import Any

from PIL import Image, ImageDraw, ImagePath

MAX_SHARE = 0.7  # share of the image above which the box saves nothing
_MAX_PIXELS = 2**23
_MAX_COORDINATE = 2.0**20
_MODES = frozenset({"L", "RGB", "RGBA"})
# What the replaced code does, in all versions that need the replacement.
_KNOWN = (
    "self.draw.draw_polygon(xy, fill",
    "draw.draw.draw_polygon(xy, mask_ink, 1)",
    "width = width * 2 - 1",
    "draw.draw.draw_polygon(xy, mask_ink, 0, width)",
    "mask.paste(ink_im, mask=fill_im)",
    "draw.draw.draw_polygon(xy, ink, 0, width)",
    "self.im.paste(im.im, (0, 0) + im.size, mask.im)",
)
Box = tuple[int, int, int, int]


def install() -> None:
    """Patch ImageDraw.polygon in this process, if it is one of the known versions."""
    original = ImageDraw.ImageDraw.polygon
    if is_known(original):
        setattr(ImageDraw.ImageDraw, "polygon", faster(original))  # noqa: B010 - a method, to the type checker


def is_known(function: Any) -> bool:
    """Whether the function draws as the replacement does."""
    try:
        source = inspect.getsource(function)
    except (OSError, TypeError):
        return False
    return all(line in source for line in _KNOWN)


def faster(original: Any) -> Any:
    """A replacement of ImageDraw.polygon that leaves to the original what it does not know."""
    canvases = _Canvases()

    def polygon(self: Any, xy: Any, fill: Any = None, outline: Any = None, width: Any = 1) -> None:
        usable = type(width) is int and width > 1 and outline is not None
        shape = _Shape.of(self, xy) if usable else None
        if shape is None:
            original(self, xy, fill, outline, width)
            return
        ink, fill_ink = self._getink(outline, fill)
        if fill_ink is not None:
            self.draw.draw_polygon(shape.path, fill_ink, 1)
        if ink is not None and ink != fill_ink and shape.box is not None:
            mask = canvases.mask(self, shape.path, shape.box, width * 2 - 1)
            colour = Image.new(self.mode, mask.size)
            ImageDraw.Draw(colour).draw.draw_rectangle((0, 0, *mask.size), ink, 1)
            self.im.paste(colour.im, shape.box, mask.im)

    return polygon


class _Shape:
    """A polygon on an image.

    Attributes:
        path: its corners.
        box: the pixels of the image that it can reach; None = none of them.
    """

    def __init__(self, path: Any, size: tuple[int, int]) -> None:
        self.path = path
        width, height = size
        left, top, right, bottom = path.getbbox()
        box = (
            max(math.floor(left) - 1, 0),
            max(math.floor(top) - 1, 0),
            min(math.ceil(right) + 2, width),
            min(math.ceil(bottom) + 2, height),
        )
        self.box = box if box[0] < box[2] and box[1] < box[3] else None

    @classmethod
    def of(cls, draw: Any, xy: Any) -> _Shape | None:
        """The polygon, or None if the original must draw it."""
        core = draw.im
        if core is None or core.mode != draw.mode or draw.mode not in _MODES:
            return None
        try:
            path = ImagePath.Path(xy)
            known = all(abs(limit) < _MAX_COORDINATE for limit in path.getbbox())
        except Exception:  # noqa: BLE001 - the original raises its own error
            return None
        pixels = core.size[0] * core.size[1]
        if not known or len(path) < 2 or pixels > _MAX_PIXELS:
            return None
        shape = cls(path, core.size)
        if shape.box is not None and _area(shape.box) > MAX_SHARE * pixels:
            return None
        return shape


class _Canvases(threading.local):
    """Two black images of the size that the thread used last."""

    def __init__(self) -> None:
        self._images: tuple[Image.Image, ...] = ()

    def mask(self, draw: Any, path: Any, box: Box, width: int) -> Image.Image:
        """Where the outline covers the polygon, within its box."""
        size = draw.im.size
        if not self._images or self._images[0].size != size:
            self._images = (Image.new("1", size), Image.new("1", size))
        inside, outline = self._images
        ink = draw._getink(1)[0]  # noqa: SLF001 - as the original does
        try:
            ImageDraw.Draw(inside).draw.draw_polygon(path, ink, 1)
            ImageDraw.Draw(outline).draw.draw_polygon(path, ink, 0, width)
            mask = Image.new("1", (box[2] - box[0], box[3] - box[1]))
            mask.paste(outline.crop(box), mask=inside.crop(box))
        except BaseException:
            self._images = ()
            raise
        inside.paste(0, box)
        outline.paste(0, _grown(box, width + 2, size))
        return mask


def _area(box: Box) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])


def _grown(box: Box, margin: int, size: tuple[int, int]) -> Box:
    return (
        max(box[0] - margin, 0),
        max(box[1] - margin, 0),
        min(box[2] + margin, size[0]),
        min(box[3] + margin, size[1]),
    )
