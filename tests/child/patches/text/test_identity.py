"""Two fonts have equal identities only if they draw every text equally."""

from __future__ import annotations

import copy
import io
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFont

from vrdata_child.patches.text.identity import identity

Methods = dict[str, Callable[..., Any]]


def ink(font: Any, method: Callable[..., Any]) -> int:
    """How much ink an A has."""
    return sum(Image.Image()._new(method(font, "A", "L")[0]).tobytes())


def test_fonts_of_one_file_have_one_identity(font: Path) -> None:
    fonts = [
        ImageFont.truetype(font, 20),
        ImageFont.FreeTypeFont(str(font), 20),
        ImageFont.truetype(font, 30).font_variant(size=20),
        pickle.loads(pickle.dumps(ImageFont.truetype(font, 20))),  # noqa: S301 - its own
        copy.copy(ImageFont.truetype(font, 20)),
    ]
    assert len({identity(each) for each in fonts}) == 1


def test_fonts_of_equal_bytes_have_one_identity(font: Path) -> None:
    files = [io.BytesIO(font.read_bytes()) for _ in range(2)]
    first, second = (ImageFont.truetype(file, 20) for file in files)
    assert identity(first) == identity(second)


def test_fonts_with_different_options_have_different_identities(font: Path, variable: Path) -> None:
    def load(path: Any = font, size: float = 20, **options: Any) -> Any:
        return ImageFont.truetype(path, size, **options)

    fonts = [
        load(),
        load(size=21),
        load(encoding="unic"),
        load(layout_engine=ImageFont.Layout.BASIC),
        load(variable),
        load(io.BytesIO(font.read_bytes())),
        load(io.BytesIO(variable.read_bytes())),
    ]
    assert len({identity(each) for each in fonts}) == len(fonts)


def test_a_font_of_a_changed_file_has_another_identity(font: Path, variable: Path) -> None:
    first = ImageFont.FreeTypeFont(font, 20)
    font.unlink()
    font.write_bytes(variable.read_bytes())
    assert identity(ImageFont.FreeTypeFont(font, 20)) != identity(first)


def test_a_font_that_was_made_in_another_way_has_an_identity_of_its_own(font: Path) -> None:
    class Own(ImageFont.FreeTypeFont):
        def __init__(self, path: Path) -> None:
            self.font = ImageFont.FreeTypeFont(path, 20).font

    first, second = Own(font), Own(font)
    assert identity(first) == identity(first) != identity(second)


def test_a_font_whose_inner_font_is_replaced_has_another_identity(
    font: Path, variable: Path, original: Methods
) -> None:
    loaded = ImageFont.truetype(font, 20)
    before = identity(loaded)
    loaded.getmask2("A")
    loaded.font = ImageFont.truetype(variable, 20).font
    assert identity(loaded) != before
    assert ink(loaded, type(loaded).getmask2) == ink(loaded, original["getmask2"])


def test_each_style_of_a_variable_font_is_drawn(variable: Path, original: Methods) -> None:
    first, second = (ImageFont.truetype(variable, 20) for _ in range(2))
    styles: list[Callable[[], object]] = [
        lambda: None,
        lambda: first.set_variation_by_name("Black"),
        lambda: second.set_variation_by_axes([700]),
        lambda: first.set_variation_by_axes([650]),
        lambda: first.set_variation_by_name("Black"),  # Pillow does not set a style twice
        lambda: first.set_variation_by_name(b"Regular"),
        lambda: second.set_variation_by_axes([650.0]),
        lambda: second.set_variation_by_axes(axes=[np.float64(300)]),  # type: ignore[list-item]
    ]
    drawn = set()
    for change in styles:
        change()
        for each in (first, second):
            expected = ink(each, original["getmask2"])
            drawn.add(expected)
            assert [ink(each, type(each).getmask2) for _ in range(2)] == [expected] * 2
    assert len(drawn) > 3


def test_equal_styles_of_two_fonts_have_one_identity(variable: Path) -> None:
    fonts = [ImageFont.truetype(variable, 20) for _ in range(2)]
    plain = identity(fonts[0])
    for each in fonts:
        each.set_variation_by_name("Black")
    assert identity(fonts[0]) == identity(fonts[1]) != plain


def test_a_style_that_failed_leaves_no_known_identity(variable: Path) -> None:
    first, second = (ImageFont.truetype(variable, 20) for _ in range(2))
    with pytest.raises(TypeError, match="must be a list"):
        first.set_variation_by_axes("wrong")  # type: ignore[arg-type]
    assert identity(first) != identity(second)
