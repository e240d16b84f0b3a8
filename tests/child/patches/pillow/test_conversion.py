"""Converted images equal those of Pillow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image

from vrdata_child.patches.pillow import conversion

PLAIN = Image.Image.convert
FAST = conversion.faster(PLAIN)
SIZES = [(1, 1), (64, 64), (640, 480), (2100, 2100)]
Convert = Callable[..., Image.Image]


def noise(mode: str, size: tuple[int, int]) -> Image.Image:
    values = np.random.default_rng(7).integers(0, 256, (size[1], size[0], len(mode)))
    image = Image.fromarray(values.astype(np.uint8))
    image.info["kept"] = "a fact"
    return image


def memory(image: Image.Image) -> tuple[Any, ...]:
    """All that can be read of an image, its unused bytes too."""
    raw = "RGBX" if image.mode == "RGB" else image.mode
    return image.mode, image.size, image.getbands(), image.info, image.tobytes("raw", raw)


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize(("mode", "wanted"), [("RGBA", "RGB"), ("RGB", "RGBA")])
def test_an_image_is_converted_as_pillow_converts_it(
    mode: str, wanted: str, size: tuple[int, int]
) -> None:
    image = noise(mode, size)
    assert memory(FAST(image, wanted)) == memory(PLAIN(image, wanted))


def transparent(convert: Convert) -> Image.Image:
    image = noise("RGB", (64, 64))
    image.info["transparency"] = image.getpixel((5, 5))
    return convert(image, "RGBA")


OTHERS: dict[str, Callable[[Convert], Image.Image]] = {
    "by name": lambda convert: convert(noise("RGBA", (64, 64)), mode="RGB"),
    "grey": lambda convert: convert(noise("RGB", (64, 64)), "L"),
    "to the same mode": lambda convert: convert(noise("RGB", (64, 64)), "RGB"),
    "a matrix": lambda convert: convert(noise("RGB", (64, 64)), "RGB", (0.5,) * 12),
    "a palette": lambda convert: convert(noise("RGB", (64, 64)), "P", palette=1, colors=8),
    "a transparent colour": transparent,
    "nothing": lambda convert: convert(noise("RGB", (64, 64))),
    "an unknown mode": lambda convert: convert(noise("RGB", (64, 64)), "XYZ"),
}


@pytest.mark.parametrize("act", OTHERS.values(), ids=OTHERS)
def test_other_conversions_are_those_of_pillow(act: Callable[[Convert], Image.Image]) -> None:
    found: list[Any] = []
    for convert in (PLAIN, FAST):
        try:
            image = act(convert)
            found.append((image.mode, image.info, image.tobytes()))
        except ValueError as error:
            found.append(str(error))
    assert found[0] == found[1]


def test_the_result_shares_no_memory_with_the_image() -> None:
    image = noise("RGBA", (64, 64))
    expected = image.tobytes()
    FAST(image, "RGB").paste((1, 2, 3), (0, 0, 64, 64))
    assert image.tobytes() == expected
