"""Remember fonts and the shapes of drawn words. Pixels depend on nothing but the arguments."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import lru_cache
from typing import Any

from PIL import ImageFont

FONTS = 256
WORDS = 4096


def install() -> None:
    """Patch Pillow's font functions in this process."""
    ImageFont.truetype = _remembering(ImageFont.truetype, FONTS)
    font = ImageFont.FreeTypeFont
    for name in ("getbbox", "getlength"):
        setattr(font, name, _remembering(getattr(font, name), WORDS))


def _remembering(original: Callable[..., Any], size: int) -> Callable[..., Any]:
    cached = lru_cache(maxsize=size)(original)

    def wrapper(*arguments: Any, **named: Any) -> Any:
        values = (*arguments, *named.values())
        if all(isinstance(value, Hashable) for value in values):
            return cached(*arguments, **named)
        return original(*arguments, **named)

    return wrapper
