"""Cache fonts and the sizes of drawn texts: pure functions of their arguments.

A result is kept only where it cannot change: not for a font that is read from an open file, and
not for a variable font, whose style can be set later.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any

from PIL import ImageFont

FONTS = 256
TEXTS = 4096


def install() -> None:
    """Patch Pillow's font functions in this process."""
    ImageFont.truetype = _cached_fonts(ImageFont.truetype)
    font = ImageFont.FreeTypeFont
    for name in ("getbbox", "getlength"):
        setattr(font, name, _cached_sizes(getattr(font, name)))


def _cached_fonts(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.lru_cache(maxsize=FONTS, typed=True)
    def load(_state: Hashable, *arguments: Any, **named: Any) -> Any:
        font = original(*arguments, **named)
        if _is_variable(font):
            raise _NotKeptError(font)
        return font

    @functools.wraps(original)
    def truetype(*arguments: Any, **named: Any) -> Any:
        path = arguments[0] if arguments else named.get("font")
        if not isinstance(path, str | bytes | os.PathLike) or not _is_hashable(arguments, named):
            return original(*arguments, **named)
        try:
            return load(_file_state(path), *arguments, **named)
        except _NotKeptError as error:
            return error.font

    return truetype


def _cached_sizes(original: Callable[..., Any]) -> Callable[..., Any]:
    cached = functools.lru_cache(maxsize=TEXTS, typed=True)(original)

    @functools.wraps(original)
    def measure(self: Any, *arguments: Any, **named: Any) -> Any:
        if _is_hashable(arguments, named) and not _is_variable(self):
            return cached(self, *arguments, **named)
        return original(self, *arguments, **named)

    return measure


class _NotKeptError(Exception):
    """A font that must not be shared."""

    def __init__(self, font: Any) -> None:
        super().__init__()
        self.font = font


def _is_hashable(arguments: tuple[Any, ...], named: dict[str, Any]) -> bool:
    return all(isinstance(value, Hashable) for value in (*arguments, *named.values()))


def _file_state(path: str | bytes | os.PathLike[Any]) -> Hashable:
    """What tells two states of a path apart: which file it is, and when that was written."""
    try:
        found = Path(os.fsdecode(path)).stat()
    except (OSError, ValueError):  # the name of a font, which Pillow searches for
        return Path.cwd()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _is_variable(font: Any) -> bool:
    """Whether the style of a font can be set (OpenType: a font with variations)."""
    known = getattr(font, "vrdata_variable", None)
    if known is None:
        try:
            known = bool(font.get_variation_axes())
        except (OSError, NotImplementedError, AttributeError):
            known = False
        try:
            font.vrdata_variable = known
        except AttributeError:  # an object with fixed attributes
            return True
    return bool(known)
