"""Kept texts equal those that Pillow renders, for all fonts and arguments."""

from __future__ import annotations

import gc
import io
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont

from vrdata_child.patches.text.kept import Kept

Methods = dict[str, Callable[..., Any]]

OPTIONS: dict[str, st.SearchStrategy[Any]] = {
    "mode": st.sampled_from(["", "1", "L", "RGBA"]),
    "direction": st.sampled_from([None, "ltr", "rtl", "ttb", "wrong"]),
    "features": st.sampled_from([None, [], ["-kern"], ["-liga", "-kern"]]),
    "language": st.sampled_from([None, "en", "sr"]),
    "stroke_width": st.sampled_from([0, 1, 2, 2.0, 1.5]),
    "stroke_filled": st.booleans(),
    "anchor": st.sampled_from([None, "la", "ms", "rb", "zz"]),
    "ink": st.sampled_from([0, 255, 0x7F112233]),
    "start": st.sampled_from([None, (0, 0), [0.5, 0.0], (0.25, -0.75)]),
}
TEXTS = st.sampled_from(["AVA", "fi", "", " ", "\u0627\u0644", b"AVA", "A\nV", 7, bytearray(b"A")])
SIZES = {"mode", "direction", "features", "language", "anchor", "stroke_width"}
BOTH = st.fixed_dictionaries({}, optional=OPTIONS)

BASE: dict[str, Any] = {"mode": "L", "start": (0, 0), "stroke_filled": False}
COMPONENTS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "text": ({"text": "AVA"}, {"text": "AVB"}),
    "mode": ({"mode": "L"}, {"mode": "1"}),
    "features": ({"features": None}, {"features": ["-kern"]}),
    "direction": ({"direction": "ltr"}, {"direction": "ttb"}),
    "language": ({"language": "en"}, {"language": "?"}),
    "stroke width": ({"stroke_width": 1}, {"stroke_width": 2}),
    "filled stroke": (
        {"stroke_width": 1, "stroke_filled": False, "text": "O"},
        {"stroke_width": 1, "stroke_filled": True, "text": "O"},
    ),
    "anchor": ({"anchor": "la"}, {"anchor": "ms"}),
    "start": ({"start": (0, 0)}, {"start": (0.5, 0.5)}),
    "ink": ({"mode": "RGBA", "ink": 1}, {"mode": "RGBA", "ink": 255}),
}


def outcome(function: Callable[..., Any], *arguments: Any, **named: Any) -> object:
    """The pixels with their offset, the size, or the error."""
    try:
        result = function(*arguments, **named)
    except Exception as error:  # noqa: BLE001 - compared by the caller
        return type(error), str(error)
    if not isinstance(result, tuple) or not hasattr(result[0], "mode"):
        return result
    mask, offset = result
    pixels = Image.Image()._new(mask).tobytes() if min(mask.size) else b""
    return mask.mode, mask.size, pixels, offset


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(text=TEXTS, named=BOTH, size=st.sampled_from([9, 24]), engine=st.sampled_from([0, 1]))
def test_a_text_is_what_pillow_renders(
    font: Path, original: Methods, text: Any, named: dict[str, Any], size: int, engine: Any
) -> None:
    loaded = ImageFont.truetype(font, size, layout_engine=engine)
    expected = outcome(original["getmask2"], loaded, text, **named)
    assert outcome(loaded.getmask2, text, **named) == expected
    assert outcome(loaded.getmask2, text, **named) == expected
    options = {name: value for name, value in named.items() if name in SIZES}
    for name in ("getbbox", "getlength"):
        expected = outcome(original[name], loaded, text, **options)
        assert outcome(getattr(loaded, name), text, **options) == expected
        assert outcome(getattr(loaded, name), text, **options) == expected


@pytest.mark.parametrize(("first", "second"), COMPONENTS.values(), ids=COMPONENTS)
def test_texts_that_differ_in_one_argument_are_different(
    font: Path, original: Methods, first: dict[str, Any], second: dict[str, Any]
) -> None:
    loaded = ImageFont.truetype(font, 40)
    calls = [{"text": "AVA"} | BASE | change for change in (first, second)]
    expected = [outcome(original["getmask2"], loaded, **call) for call in calls]
    assert (expected[0] != expected[1]) == ("language" not in first)  # this font has one language
    assert [outcome(loaded.getmask2, **call) for call in (*calls, *calls)] == expected * 2


def test_fonts_that_differ_in_one_option_draw_different_texts(
    font: Path, original: Methods
) -> None:
    fonts = [
        ImageFont.truetype(font, 20),
        ImageFont.truetype(font, 21),
        ImageFont.truetype(font, 20, layout_engine=ImageFont.Layout.BASIC),
        ImageFont.truetype(io.BytesIO(font.read_bytes()), 22),
        ImageFont.truetype(font, 20).font_variant(size=23),
    ]
    for _ in range(2):
        rendered = [outcome(each.getmask2, "AVAVA fi", "L") for each in fonts]
        assert rendered == [outcome(original["getmask2"], each, "AVAVA fi", "L") for each in fonts]


@pytest.mark.parametrize("mode", ["L", "1", "RGBA"])
def test_a_caller_cannot_change_a_kept_text(font: Path, mode: str) -> None:
    loaded = ImageFont.truetype(font, 20)
    expected = outcome(loaded.getmask2, "AVA", mode)
    for _ in range(3):
        mask: Any = loaded.getmask2("AVA", mode)[0]
        mask.fillband(3, 77) if mode == "RGBA" else mask.paste(9, (0, 0, *mask.size))
        assert outcome(loaded.getmask2, "AVA", mode) == expected


def test_a_text_that_exceeds_a_limit_is_refused_each_time(
    font: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = ImageFont.truetype(font, 20)
    assert loaded.getmask("AVA")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    for _ in range(2):
        with pytest.raises(Image.DecompressionBombError):
            loaded.getmask("AVA")


def test_a_font_is_not_held_by_its_texts(font: Path) -> None:
    loaded = ImageFont.truetype(io.BytesIO(font.read_bytes()), 20)
    for measure in (loaded.getmask2, loaded.getbbox, loaded.getlength):
        measure("AVA")
    gone = weakref.ref(loaded)
    del loaded, measure
    gc.collect()
    assert gone() is None


def picture(draw_text: Callable[[ImageDraw.ImageDraw], object], mode: str) -> bytes:
    image = Image.new(mode, (120, 80))
    draw_text(ImageDraw.Draw(image))
    return image.tobytes()


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"stroke_width": 3, "stroke_fill": 100},
        {"anchor": "mm"},
        {"features": ["-kern"], "xy": (10.4, 20.7)},
        {"text": "AVA\nfi", "align": "center"},
        {"embedded_color": True},
        {"embedded_color": True, "fill": (1, 2, 3, 100)},
        {"rotated": Image.Transpose.ROTATE_90},
        {"font": None},
    ],
    ids=str,
)
def test_a_picture_has_the_pixels_of_pillow(
    font: Path,
    original: Methods,
    monkeypatch: pytest.MonkeyPatch,
    options: dict[str, Any],
    mode: str,
) -> None:
    named = {"xy": (5, 5), "text": "AVA", "font": ImageFont.truetype(font, 20)} | options
    if rotated := named.pop("rotated", None):
        named["font"] = ImageFont.TransposedFont(named["font"], rotated)

    def draw(canvas: ImageDraw.ImageDraw) -> None:
        for _ in range(2):
            canvas.text(**named)

    def drawn() -> object:
        try:
            return picture(draw, mode)
        except (TypeError, ValueError) as error:
            return str(error)

    faster = [drawn(), drawn()]
    for name, method in original.items():
        monkeypatch.setattr(ImageFont.FreeTypeFont, name, method)
    assert faster == [drawn(), drawn()]


def test_pillow_warns_of_each_mask_that_is_too_large(
    font: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = ImageFont.truetype(str(font), 40)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", loaded.getmask("A").size[0] * 20)
    for _ in range(2):
        with pytest.warns(Image.DecompressionBombWarning):
            loaded.getmask("A")


def test_the_limit_counts_all_texts_of_the_arguments(
    font: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    put = Kept.put

    def recorded(kept: Kept, key: Any, result: Any, size: int) -> None:
        sizes.append(size)
        put(kept, key, result, size)

    monkeypatch.setattr(Kept, "put", recorded)
    loaded = ImageFont.truetype(str(font), 10)
    long = "\u200b" * 10_000
    loaded.getlength(text=long)
    loaded.getbbox(long)
    loaded.getmask2(text=long)
    assert len(sizes) == 3
    assert min(sizes) > 4 * len(long)
