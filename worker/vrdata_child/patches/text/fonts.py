"""Keep loaded fonts, and the names of fonts that do not exist.

A font is not kept if it is read from an open file, or if it is variable: its style can be set.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Hashable
from typing import Any, NamedTuple

from PIL import ImageFont

from vrdata_child.patches.text.identity import file_state
from vrdata_child.patches.text.search import search_state

FONTS = 256
DEFAULT_FONTS = 32  # their files are in memory


def install() -> None:
    """Patch the functions that load a font in this process."""
    ImageFont.truetype = _kept_fonts(ImageFont.truetype)
    ImageFont.load_default = _kept_defaults(ImageFont.load_default)


class _Missing(NamedTuple):
    """A font that does not exist: the arguments of the error."""

    error: tuple[Any, ...]


class _NotKeptError(Exception):
    """A font that must not be shared."""

    def __init__(self, font: Any) -> None:
        super().__init__()
        self.font = font


def _kept_fonts(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.lru_cache(maxsize=FONTS, typed=True)
    def load(_state: Hashable, exists: bool, /, *arguments: Any, **named: Any) -> Any:
        try:
            font = _shared(original(*arguments, **named))
        except OSError as error:
            if exists or type(error) is not OSError:
                raise
            return _Missing(error.args)
        path = arguments[0] if arguments else named["font"]
        if exists and os.fspath(font.path) != os.fspath(path):
            raise _NotKeptError(font)  # its file is damaged: Pillow found another one
        return font

    @functools.wraps(original)
    def truetype(*arguments: Any, **named: Any) -> Any:
        path = arguments[0] if arguments else named.get("font")
        if not isinstance(path, str | bytes | os.PathLike) or not _is_hashable(arguments, named):
            return original(*arguments, **named)
        file = file_state(path)
        state = file or search_state(os.fsdecode(path))
        if state is None:
            return original(*arguments, **named)
        try:
            found = load((state, _directory(path)), file is not None, *arguments, **named)
        except _NotKeptError as error:
            return error.font
        if isinstance(found, _Missing):
            raise OSError(*found.error)
        return _copy(found)

    return truetype


def _kept_defaults(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.lru_cache(maxsize=DEFAULT_FONTS, typed=True)
    def load(*arguments: Any, **named: Any) -> Any:
        return _shared(original(*arguments, **named))

    @functools.wraps(original)
    def load_default(*arguments: Any, **named: Any) -> Any:
        if not _is_hashable(arguments, named):
            return original(*arguments, **named)
        try:
            return _copy(load(*arguments, **named))
        except _NotKeptError as error:
            return error.font

    return load_default


def _directory(path: str | bytes | os.PathLike[Any]) -> str | None:
    """The working directory, if a path depends on it and it exists."""
    if os.path.isabs(path):  # noqa: PTH117 - called often
        return None
    try:
        return os.getcwd()  # noqa: PTH109 - called often
    except OSError:
        return None


def _is_hashable(arguments: tuple[Any, ...], named: dict[str, Any]) -> bool:
    return all(isinstance(value, Hashable) for value in (*arguments, *named.values()))


def _shared(font: Any) -> Any:
    """The font, if nothing that is set on one of its copies shows in the others.

    Raises:
        _NotKeptError: it is a variable font, or of an unknown kind.
    """
    if type(font) not in (ImageFont.FreeTypeFont, ImageFont.ImageFont) or _is_variable(font):
        raise _NotKeptError(font)
    return font


def _copy(font: Any) -> Any:
    """Another object with the same font of FreeType, which cannot be changed."""
    copy = object.__new__(type(font))
    copy.__dict__.update(font.__dict__)
    return copy


def _is_variable(font: Any) -> bool:
    try:
        return bool(font.get_variation_axes())
    except (OSError, NotImplementedError, AttributeError):
        return False
