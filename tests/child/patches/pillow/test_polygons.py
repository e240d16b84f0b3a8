"""Polygons with a wide outline equal those of Pillow."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from vrdata_child.patches.pillow import polygons

SIZE = (90, 70)


class Draw(ImageDraw.ImageDraw):
    """Draws a polygon as Pillow does up to version 11.2."""

    def polygon(self, xy: Any, fill: Any = None, outline: Any = None, width: int = 1) -> None:
        """Draw a polygon."""
        ink, fill_ink = self._getink(outline, fill)
        if fill_ink is not None:
            self.draw.draw_polygon(xy, fill_ink, 1)
        if ink is not None and ink != fill_ink and width != 0:
            if width == 1:
                self.draw.draw_polygon(xy, ink, 0, width)
            elif self.im is not None:
                mask = Image.new("1", self.im.size)
                mask_ink = self._getink(1)[0]
                fill_im = mask.copy()
                draw = ImageDraw.Draw(fill_im)
                draw.draw.draw_polygon(xy, mask_ink, 1)
                ink_im = mask.copy()
                draw = ImageDraw.Draw(ink_im)
                width = width * 2 - 1
                draw.draw.draw_polygon(xy, mask_ink, 0, width)
                mask.paste(ink_im, mask=fill_im)
                im = Image.new(self.mode, self.im.size)
                draw = ImageDraw.Draw(im)
                draw.draw.draw_polygon(xy, ink, 0, width)
                self.im.paste(im.im, (0, 0) + im.size, mask.im)  # noqa: RUF005 - as in Pillow


PLAIN = Draw.polygon
FAST = polygons.faster(PLAIN)


def drawn(polygon: Any, mode: str, *shapes: tuple[Any, dict[str, Any]]) -> bytes:
    """An image with some polygons, its unused bytes too."""
    values = np.random.default_rng(3).integers(0, 256, (SIZE[1], SIZE[0], len(mode)))
    image = Image.fromarray(values.astype(np.uint8).squeeze())
    for xy, how in shapes:
        polygon(Draw(image), xy, **how)
    return image.tobytes("raw", "RGBX" if mode == "RGB" else mode)


def shape(chance: random.Random, mode: str) -> tuple[Any, dict[str, Any]]:
    """Any polygon: small or large, inside or beyond the image, of integers or floats."""
    spread = chance.choice([1.0, 0.3, 0.1])
    x, y = chance.uniform(-20, SIZE[0] + 20), chance.uniform(-20, SIZE[1] + 20)
    xy: Any = [
        (x + chance.uniform(-90, 90) * spread, y + chance.uniform(-70, 70) * spread)
        for _ in range(chance.choice([2, 3, 4, 5, 9]))
    ]
    if chance.random() < 0.5:
        xy = [(int(x), int(y)) for x, y in xy]
    if chance.random() < 0.2:
        xy = [value for point in xy for value in point]
    inks = [tuple(chance.randrange(256) for _ in mode) for _ in range(2)]
    colours = inks if len(mode) > 1 else [ink[0] for ink in inks]
    return xy, {
        "fill": chance.choice([None, colours[0]]),
        "outline": chance.choice([None, colours[0], colours[1], colours[1]]),
        "width": chance.choice([0, 1, 2, 3, 5, 9, 30]),
    }


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
def test_polygons_are_drawn_as_pillow_draws_them(mode: str) -> None:
    chance = random.Random(mode)  # noqa: S311 - the same shapes each time
    for _ in range(60):
        shapes = [shape(chance, mode) for _ in range(6)]
        assert drawn(FAST, mode, *shapes) == drawn(PLAIN, mode, *shapes), shapes


TRIANGLE = [(10, 10), (50, 12), (30, 60)]
CALLS: dict[str, tuple[Any, dict[str, Any]]] = {
    "no corner": ([], {"outline": "red", "width": 3}),
    "text": ("corners", {"outline": "red", "width": 3}),
    "an unknown colour": (TRIANGLE, {"outline": "no colour", "width": 3}),
    "a fractional width": (TRIANGLE, {"outline": "red", "width": 2.5}),
    "a negative width": (TRIANGLE, {"outline": "red", "width": -2}),
    "far away": ([(1e6, 1e6), (2e6, 1e6), (1e6, 3e6)], {"outline": "red", "width": 3}),
    "an array": (np.asarray(TRIANGLE, float), {"outline": "red", "width": 3}),
    "one point": ([(5, 5)] * 3, {"fill": "blue", "outline": "red", "width": 3}),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_an_unusual_call_does_what_it_does_in_pillow(call: tuple[Any, dict[str, Any]]) -> None:
    found: list[object] = []
    for polygon in (PLAIN, FAST):
        try:
            found.append(drawn(polygon, "RGB", call))
        except Exception as error:  # noqa: BLE001 - compared below
            found.append((type(error), str(error)))
    assert found[0] == found[1]


def test_a_drawing_that_mixes_colours_is_left_to_pillow() -> None:
    found: list[bytes] = []
    for polygon in (PLAIN, FAST):
        image = Image.new("RGB", SIZE, "white")
        how = {"fill": (0, 200, 0, 90), "outline": (9, 9, 9, 99), "width": 3}
        polygon(Draw(image, "RGBA"), TRIANGLE, **how)
        found.append(image.tobytes("raw", "RGBX"))
    assert found[0] == found[1]


def test_only_a_known_polygon_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    assert polygons.is_known(PLAIN)
    monkeypatch.setattr(ImageDraw.ImageDraw, "polygon", len)
    polygons.install()
    assert ImageDraw.ImageDraw.polygon is len
    monkeypatch.setattr(ImageDraw.ImageDraw, "polygon", PLAIN)
    polygons.install()
    assert ImageDraw.ImageDraw.polygon is not PLAIN
