"""Cached fonts and text sizes equal those of Pillow, whatever changes between two calls."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import ImageFont

CALLS: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
    "mode": (("AVA", "1"), {}),
    "direction": (("AVA", "", "ltr"), {}),
    "features": (("AVA",), {"features": ["-kern"]}),
    "language as direction": (("AVA",), {"language": "en"}),
    "direction by name": (("AVA",), {"direction": "ltr"}),
    "stroke": (("AVA",), {"stroke_width": 2}),
    "anchor": (("AVA",), {"anchor": "ms"}),
    "names in another order": (("AVA",), {"anchor": "ls", "stroke_width": 1}),
    "bytes": ((b"AVA",), {}),
    "lines": (("A\nV",), {}),
    "no text": (("",), {}),
    "a number": ((7,), {}),
    "unknown name": (("A",), {"nothing": 1}),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("name", ["getbbox", "getlength"])
def test_a_text_is_measured_as_pillow_measures_it(
    font: Path, name: str, call: tuple[tuple[Any, ...], dict[str, Any]]
) -> None:
    measure = getattr(ImageFont.truetype(font, 20), name)
    original = measure.__wrapped__.__get__(measure.__self__)
    arguments, named = call
    results = []
    for function in (original, measure, measure):
        try:
            results.append(function(*arguments, **named))
        except Exception as error:  # noqa: BLE001 - the types are compared
            results.append(type(error))
    assert results[0] == results[1] == results[2]


def test_arguments_that_are_equal_as_numbers_stay_apart(font: Path) -> None:
    sizes = [ImageFont.truetype(font, size).size for size in (20, 20.0)]
    assert [type(size) for size in sizes] == [int, float]
    with pytest.raises(ValueError, match="size"):
        ImageFont.truetype(font, 0)


@pytest.mark.parametrize("engine", list(ImageFont.Layout))
def test_a_font_has_the_requested_layout(font: Path, engine: ImageFont.Layout) -> None:
    assert ImageFont.truetype(str(font), 20).layout_engine is not None
    assert ImageFont.truetype(str(font), 20, layout_engine=engine).layout_engine == engine


def test_a_font_is_kept_for_its_path(font: Path) -> None:
    first, second, other = (ImageFont.truetype(font, size) for size in (20, 20, 21))
    assert first.font is second.font
    assert first.font is not other.font


def test_what_is_set_on_a_font_does_not_show_in_another(font: Path) -> None:
    for load in (lambda: ImageFont.truetype(font, 20), lambda: ImageFont.load_default(20)):
        first: Any = load()
        first.size = 99
        assert load().size == 20
        assert load() is not first


def test_the_built_in_font_is_kept_for_its_size(font: Path) -> None:
    assert font.exists()
    fonts: list[Any] = [ImageFont.load_default(size) for size in (20, 20, 20.0, 30)]
    assert fonts[0].font is fonts[1].font
    assert [type(each.size) for each in fonts] == [int, int, float, int]
    assert fonts[3].size == 30


def test_a_changed_font_file_is_read_again(font: Path) -> None:
    ImageFont.truetype(font, 20)
    font.write_bytes(b"no font")
    with pytest.raises(OSError, match="unknown file format"):
        ImageFont.truetype(font, 20)


def test_a_relative_path_follows_the_working_directory(
    font: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(font.parent)
    assert ImageFont.truetype("one.ttf", 20)
    (font.parent / "empty").mkdir()
    monkeypatch.chdir(font.parent / "empty")
    with pytest.raises(OSError, match="cannot open"):
        ImageFont.truetype("one.ttf", 20)


def test_a_font_of_an_open_file_is_read_each_time(font: Path) -> None:
    file = io.BytesIO(font.read_bytes())
    assert ImageFont.truetype(file, 20).getlength("A") > 0
    with pytest.raises(OSError, match="cannot open"):
        ImageFont.truetype(file, 20)  # the file is at its end, as without the cache


def test_a_variable_font_is_not_shared(variable: Path) -> None:
    first, second = (ImageFont.truetype(variable, 20) for _ in range(2))
    assert first.font is not second.font
    first.set_variation_by_name("Black")
    assert first.getmask("A").getbbox() != second.getmask("A").getbbox()


def test_a_font_that_pillow_finds_instead_of_a_damaged_file_is_searched_each_time(
    font: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = font.parent / "data"
    found = data / "fonts" / "named.ttf"
    found.parent.mkdir(parents=True)
    found.write_bytes(font.read_bytes())
    monkeypatch.setenv("XDG_DATA_DIRS", str(data))
    damaged = font.parent / "named.ttf"
    damaged.write_bytes(b"damaged")
    assert ImageFont.truetype(str(damaged), 20).path == str(found)
    found.unlink()
    with pytest.raises(OSError, match="file format"):
        ImageFont.truetype(str(damaged), 20)
