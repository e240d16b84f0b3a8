"""What a font is made of: two fonts with equal identities draw every text equally."""

from __future__ import annotations

import functools
import hashlib
import os
from collections.abc import Callable, Hashable
from typing import Any, NamedTuple

from PIL import ImageFont

from vrdata_child.patches.text.kept import NotKeptError, frozen

_NAME = "vrdata_made"  # attribute of a font


class _Made(NamedTuple):
    """How a font was made.

    Attributes:
        core: the font of FreeType that this describes.
        key: all that it depends on.
    """

    core: Any
    key: Hashable


def install() -> None:
    """Record how fonts are made and varied in this process."""
    font = ImageFont.FreeTypeFont
    font.__init__ = _recorded(font.__init__)  # type: ignore[method-assign]
    for name in ("set_variation_by_name", "set_variation_by_axes"):
        if hasattr(font, name):
            setattr(font, name, _varied(getattr(font, name), by_name=name.endswith("name")))


def identity(font: Any) -> Hashable:
    """The key of a font: its file or bytes, face, size, encoding, layout engine and variation.

    A font that was made in another way has a key of its own, equal to no other.
    """
    made: _Made | None = font.__dict__.get(_NAME)
    if made is None or made.core is not font.font:
        made = font.__dict__[_NAME] = _Made(font.font, object())
    return made.key


def file_state(path: str | bytes | os.PathLike[Any]) -> Hashable:
    """What tells two states of a file apart, or None if there is no file."""
    try:
        found = os.stat(path)  # noqa: PTH116 - called for each text
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _recorded(original: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(original)
    def __init__(self: Any, *arguments: Any, **named: Any) -> None:  # noqa: N807
        self.__dict__.pop(_NAME, None)
        original(self, *arguments, **named)
        try:
            options = frozen((self.size, self.index, self.encoding, int(self.layout_engine)))
            source = _source(self)
        except (AttributeError, NotKeptError):
            return
        if source is not None:
            self.__dict__[_NAME] = _Made(self.font, (source, options, None))

    return __init__


def _source(font: Any) -> Hashable:
    """The bytes of a font, by their hash, or the state of its file."""
    if isinstance(font.path, str | bytes | os.PathLike):
        return file_state(font.path)
    return hashlib.blake2b(font.font_bytes).digest()


def _varied(original: Callable[..., None], *, by_name: bool) -> Callable[..., None]:
    @functools.wraps(original)
    def set_variation(self: Any, *arguments: Any, **named: Any) -> None:
        made: _Made | None = self.__dict__.pop(_NAME, None)
        before = getattr(self, "_last_variation_index", None)
        original(self, *arguments, **named)
        if made is None or made.core is not self.font or not isinstance(made.key, tuple):
            return
        index = getattr(self, "_last_variation_index", None)
        try:
            variation = index if by_name else frozen((*arguments, *named.values()))
        except NotKeptError:
            return
        if variation is None:
            return
        if not by_name or index != before:  # the same name again: Pillow does nothing
            made = made._replace(key=(*made.key[:-1], (by_name, variation)))
        self.__dict__[_NAME] = made

    return set_variation
