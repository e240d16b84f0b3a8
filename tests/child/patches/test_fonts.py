"""Cached fonts and text sizes equal those of Pillow, whatever changes between two calls."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import ImageFont

from vrdata_child.patches import fonts


@pytest.fixture
def font(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A font file; Pillow's font functions are patched as in a generator child."""
    kind = ImageFont.FreeTypeFont
    monkeypatch.setattr(ImageFont, "truetype", ImageFont.truetype)  # undone after the test
    for name in ("getbbox", "getlength"):
        monkeypatch.setattr(kind, name, getattr(kind, name))
    built_in: Any = ImageFont.load_default(20)
    (tmp_path / "one.ttf").write_bytes(built_in.path.getvalue())
    fonts.install()
    return tmp_path / "one.ttf"


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
    assert ImageFont.truetype(font, 20) is ImageFont.truetype(font, 20)
    assert ImageFont.truetype(font, 20) is not ImageFont.truetype(font, 21)


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


def test_a_variable_font_is_not_shared_and_its_style_counts(
    font: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    axes = [{"minimum": 100, "default": 400, "maximum": 900, "name": b"Weight"}]
    monkeypatch.setattr(ImageFont.FreeTypeFont, "get_variation_axes", lambda _: axes)
    first, second = (ImageFont.truetype(font, 20) for _ in range(2))
    assert first is not second
    measured = type(first).getbbox
    assert measured.__wrapped__(first, "A") == first.getbbox("A")  # type: ignore[attr-defined]
    assert first.vrdata_variable  # type: ignore[attr-defined]
