"""Blended images equal those of Pillow, whatever changes between two blends of a pair."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from vrdata_child.encoders import pixels
from vrdata_child.patches.pillow import blending

PLAIN = Image.blend
FAST = blending.faster(PLAIN)
SIZE = (96, 72)
RED, BLUE = Image.new("RGB", SIZE, "red"), Image.new("RGB", SIZE, "blue")
PARTLY = RED.copy()
PARTLY.paste((0, 200, 0), (40, 18, 50, 36))
RED.info["kept"] = "a fact"
Blend = Callable[..., Image.Image]

BLENDS: dict[str, Callable[[Blend], Image.Image]] = {
    "everything": lambda blend: blend(RED, BLUE, 0.3),
    "a part": lambda blend: blend(RED, PARTLY, 0.3),
    "names": lambda blend: blend(alpha=0.7, im2=PARTLY, im1=RED),
    "nothing": lambda blend: blend(RED, RED.copy(), 0.5),
    "the first": lambda blend: blend(RED, PARTLY, 0.0),
    "the second": lambda blend: blend(RED, PARTLY, 1),
    "beyond": lambda blend: blend(RED, PARTLY, 1.5),
    "before": lambda blend: blend(RED, PARTLY, -0.5),
    "of numpy": lambda blend: blend(RED, PARTLY, float(np.float32(0.4))),
    "grey": lambda blend: blend(RED.convert("L"), PARTLY.convert("L"), 0.25),
    "transparent": lambda blend: blend(RED.convert("RGBA"), PARTLY.convert("RGBA"), 0.25),
    "indexed": lambda blend: blend(RED.convert("P"), PARTLY.convert("P"), 0.25),
    "two modes": lambda blend: blend(RED, PARTLY.convert("RGBA"), 0.25),
    "two sizes": lambda blend: blend(RED, PARTLY.resize((8, 8)), 0.25),
    "text as alpha": lambda blend: blend(RED, PARTLY, "0.5"),
    "several as alpha": lambda blend: blend(RED, RED, np.array([0.1, 0.2])),
    "one as alpha": lambda blend: blend(RED, RED, np.array([0.5])),
    "no alpha": lambda blend: blend(RED, PARTLY, None),
    "no picture": lambda blend: blend(RED, None, 0.5),
    "an array": lambda blend: blend(np.asarray(RED), RED, 0.5),
    "own copies": lambda blend: blend(own_class(RED), PARTLY, 0.5),
    "own copies, equal": lambda blend: blend(own_class(RED), RED, 0.5),
}


class Blank(Image.Image):
    """An image whose copies are empty."""

    def copy(self) -> Image.Image:
        return Image.new(self.mode, self.size)


def own_class(image: Image.Image) -> Image.Image:
    own = image.copy()
    own.__class__ = Blank
    return own


def outcome(act: Callable[[Blend], Image.Image], blend: Blend) -> object:
    """The picture with its facts, or what is raised."""
    try:
        image = act(blend)
    except Exception as error:  # noqa: BLE001 - compared below
        return type(error), error.args
    return image.mode, image.size, image.info, image.tobytes()


@pytest.mark.parametrize("act", BLENDS.values(), ids=BLENDS)
def test_images_are_blended_as_pillow_blends_them(act: Callable[[Blend], Image.Image]) -> None:
    assert outcome(act, FAST) == outcome(act, PLAIN)


def noise(mode: str) -> Image.Image:
    channels = len(mode)
    values = np.random.default_rng(7).integers(0, 256, (SIZE[1], SIZE[0], channels))
    return Image.fromarray(values.astype(np.uint8)).copy()


def put(image: Image.Image, x: int, y: int, colour: tuple[int, ...]) -> None:
    image.putpixel((x, y), colour)


def load(image: Image.Image, x: int, y: int, colour: tuple[int, ...]) -> None:
    access = image.load()
    assert access is not None
    access[x, y] = colour


def draw(image: Image.Image, x: int, y: int, colour: tuple[int, ...]) -> None:
    ImageDraw.Draw(image).line([(x, y), (0, 0)], fill=colour)


def paste(image: Image.Image, x: int, y: int, colour: tuple[int, ...]) -> None:
    image.paste(colour, (x, y, x + 9, y + 5))


def through_address(image: Image.Image, x: int, y: int, colour: tuple[int, ...]) -> None:
    packed = pixels.Packed(image)
    assert packed.in_place
    packed.view()[y, x, : len(colour)] = colour


CHANGES = [put, load, draw, paste, through_address]


@settings(max_examples=30)
@given(
    st.sampled_from(["RGB", "RGBA"]),
    st.lists(
        st.tuples(
            st.sampled_from(CHANGES),
            st.booleans(),
            st.integers(0, SIZE[0] - 1),
            st.integers(0, SIZE[1] - 1),
            st.tuples(*[st.integers(0, 255)] * 4),
            st.floats(0, 1),
        ),
        max_size=12,
    ),
)
def test_each_change_between_two_blends_of_a_pair_is_seen(mode: str, changes: list[tuple]) -> None:
    one, other = noise(mode), noise(mode)
    for change, first, x, y, colour, alpha in changes:
        change(one if first else other, x, y, colour[: len(mode)])
        assert FAST(one, other, alpha).tobytes() == PLAIN(one, other, alpha).tobytes()


def test_a_change_of_memory_that_an_image_shares_is_seen() -> None:
    memory = np.full((SIZE[1], SIZE[0], 4), 90, np.uint8)
    one = Image.frombuffer("RGBA", SIZE, memory, "raw", "RGBA", 0, 1)
    other = one.copy()
    for y in (70, 3, 40):
        memory[y, 5:9] = y
        expected = np.full_like(memory, 90)
        expected[:, :, :] = np.asarray(PLAIN(one, other, 0.5))
        assert np.array_equal(np.asarray(FAST(one, other, 0.5)), expected)
        assert expected[y, 5].tolist() != [90] * 4


def test_the_result_is_an_image_of_its_own() -> None:
    one, other = noise("RGB"), noise("RGB")
    FAST(one, other, 0.5).paste((1, 2, 3), (0, 0, *SIZE))
    assert one.tobytes() == other.tobytes() == noise("RGB").tobytes()


@pytest.mark.parametrize("y", range(0, SIZE[1], 5))
def test_the_box_contains_each_pixel_that_differs(y: int) -> None:
    other = RED.copy()
    other.putpixel((y, y), (0, 0, 9))
    box = blending.differing_box(RED, other)
    assert box is not None
    left, top, right, bottom = box
    assert (left, right) == (y, y + 1)
    assert top <= y < bottom <= top + 2 * blending.BAND


def test_images_in_several_pieces_are_blended() -> None:
    one = Image.new("RGB", (2100, 2100), "red")
    other = one.copy()
    other.paste("blue", (300, 2000, 500, 2050))
    assert FAST(one, other, 0.5).tobytes() == PLAIN(one, other, 0.5).tobytes()
