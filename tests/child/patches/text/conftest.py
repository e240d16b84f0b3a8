"""Fonts in files of the test, and Pillow's functions as a generator child has them."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import ImageFont

from vrdata_child.patches.text import fonts, identity, masks

METHODS = (
    "__init__",
    "getmask2",
    "getbbox",
    "getlength",
    "set_variation_by_name",
    "set_variation_by_axes",
)
VARIABLE = """
eNqFUjFrFEEU/t7M5nIewXgQDg0WJ6SwOBOTk5BCMBssBAvhhCRdHPf2do/smeO8mNjIiQFbETv/QEprsdDKFP4Am2Aj
aGEZxUbOb2Y2MQqSt+yb73tv5r1v3i4EwBgG0Fi8dXtmLlwI9wG5weidqGO6zL0gf0V+pfXA9HZK7eeA+ml5kj1srVX2
LjL/jfxywnz95aV3gK6RT6exac60GneJP/CdTxkYqcgP7g/Ip9JOf1u9IYLs0hWyjcjgLDtCPlveMdtdBCiQsweq90wn
Lp7TN9n/PPnr7sb9PnXT1Eebh70L3933+5/Wxq9+h9ZfbfbL9Gh0fJUD11VDwRvP6OpwgXVWyZpy4CodN3ERRTU+o/Cv
abUqzzCCACfbX9Wv0biEfP5n1UNlR73trSfoxa2B3UHv1YXDoffDt0edxjjXvK+7Pc/Pli+ULf51nXFbec/H6+V6udl0
caCER3kNOZyuUyA5t67guMWCURRzrDiLcaswOMWI8mqJFZ+Kx+J1eSw4jakcK/adW26sxO0k7TfiZDMzvaXMROtYRgMr
iNFGghR9sphoExkMelhya4T1fEInfYMzTvkEfXGLnewU+A2hd/ILi+fU42N/JjCZ/wGTzpcGQsXFARaBx6HUpPbkKcO/
AbYFY3k=
"""
"""A font with a letter A, an axis "Weight" from 100 to 900, and the styles Regular and Black."""


@pytest.fixture
def original(monkeypatch: pytest.MonkeyPatch) -> dict[str, Callable[..., Any]]:
    """The methods of Pillow's fonts; the test gets those of a generator child."""
    for name in ("truetype", "load_default"):
        monkeypatch.setattr(ImageFont, name, getattr(ImageFont, name))  # undone after the test
    kind = ImageFont.FreeTypeFont
    methods = {name: getattr(kind, name) for name in METHODS}
    for name, method in methods.items():
        monkeypatch.setattr(kind, name, method)
    identity.install()
    fonts.install()
    masks.install()
    return methods


@pytest.fixture
def font(tmp_path: Path, original: dict[str, Callable[..., Any]]) -> Path:
    """A font file."""
    assert original
    built_in: Any = ImageFont.load_default(20)
    (tmp_path / "one.ttf").write_bytes(built_in.path.getvalue())
    return tmp_path / "one.ttf"


@pytest.fixture
def variable(tmp_path: Path, original: dict[str, Callable[..., Any]]) -> Path:
    """A variable font."""
    assert original
    (tmp_path / "variable.ttf").write_bytes(zlib.decompress(base64.b64decode(VARIABLE)))
    return tmp_path / "variable.ttf"
