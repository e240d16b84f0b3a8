"""Cache fonts and the sizes of drawn texts: pure functions of their arguments."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import lru_cache
from typing import Any

from PIL import ImageFont

FONTS = 256
TEXTS = 4096


def install() -> None:
    """Patch Pillow's font functions in this process."""
    ImageFont.truetype = _cached(ImageFont.truetype, FONTS)
    font = ImageFont.FreeTypeFont
    for name in ("getbbox", "getlength"):
        setattr(font, name, _cached(getattr(font, name), TEXTS))


def _cached(original: Callable[..., Any], size: int) -> Callable[..., Any]:
    cached = lru_cache(maxsize=size)(original)

    def wrapper(*arguments: Any, **named: Any) -> Any:
        values = (*arguments, *named.values())
        if all(isinstance(value, Hashable) for value in values):
            return cached(*arguments, **named)
        return original(*arguments, **named)

    return wrapper
