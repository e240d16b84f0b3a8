"""Drawing with the same result on every machine: no system fonts, anti-aliased by supersampling."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

SCALE = 2  # drawn at twice the size, then averaged down
PAPER = (250, 249, 246)
INK = (38, 43, 51)
MUTED = (168, 173, 180)
COLOURS = (
    ("red", (214, 69, 65)),
    ("blue", (52, 110, 197)),
    ("green", (60, 155, 92)),
    ("orange", (236, 140, 50)),
    ("purple", (131, 83, 171)),
    ("teal", (38, 153, 153)),
)
Point = tuple[float, float]
Rgb = tuple[int, int, int]


class Canvas:
    """An RGB picture measured in output pixels; shapes are anti-aliased.

    Args:
        size: width and height in pixels.
        colour: background.
    """

    def __init__(self, size: int, colour: Rgb = PAPER, *, image: Image.Image | None = None) -> None:
        self._image = image or Image.new("RGB", (size * SCALE, size * SCALE), colour)
        self._draw = ImageDraw.Draw(self._image)

    def rectangle(self, box: Sequence[float], fill: Rgb, radius: float = 0) -> None:
        """Fill a box (left, top, right, bottom); right and bottom are exclusive."""
        left, top, right, bottom = (round(value * SCALE) for value in box)
        self._draw.rounded_rectangle(
            (left, top, right - 1, bottom - 1), round(radius * SCALE), fill
        )

    def circle(self, centre: Point, radius: float, fill: Rgb) -> None:
        """Fill a circle."""
        x, y = (value * SCALE for value in centre)
        r = radius * SCALE
        self._draw.ellipse((x - r, y - r, x + r, y + r), fill)

    def line(self, points: Sequence[Point], fill: Rgb, width: float) -> None:
        """Draw a line with round ends and corners."""
        scaled = [(x * SCALE, y * SCALE) for x, y in points]
        if len(scaled) > 1:
            self._draw.line(scaled, fill, round(width * SCALE), joint="curve")
        for end in (points[0], points[-1]):
            self.circle(end, width / 2, fill)

    def polygon(self, points: Sequence[Point], fill: Rgb) -> None:
        """Fill a polygon."""
        self._draw.polygon([(x * SCALE, y * SCALE) for x, y in points], fill)

    def text(self, centre: Point, text: str, size: float, fill: Rgb = INK) -> None:
        """Write a text around its centre, in the font that Pillow includes."""
        font = ImageFont.load_default(size * SCALE)
        left, top, right, bottom = font.getbbox(text)
        x = centre[0] * SCALE - (left + right) / 2
        y = centre[1] * SCALE - (top + bottom) / 2
        self._draw.text((round(x), round(y)), text, fill, font)

    def copy(self) -> Canvas:
        """A canvas with the same pixels."""
        return Canvas(self._image.width // SCALE, image=self._image.copy())

    def picture(self) -> Image.Image:
        """The finished picture at its output size."""
        return self._image.reduce(SCALE)


def ease(t: float) -> float:
    """A smooth step from 0 at 0 to 1 at 1, with zero slope at both ends."""
    return t * t * (3 - 2 * t)


def between(start: Point, end: Point, t: float) -> Point:
    """The point at fraction t of the line from start to end."""
    return (start[0] + (end[0] - start[0]) * t, start[1] + (end[1] - start[1]) * t)
