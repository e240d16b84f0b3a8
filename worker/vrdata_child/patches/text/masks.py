"""Keep rendered texts and their sizes: pure functions of the font and of the arguments.

The key has everything that a text depends on: the identity of the font, and every argument with
its type, in the way in which the caller passed it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any

from PIL import Image, ImageFont

from vrdata_child.patches.text.identity import identity
from vrdata_child.patches.text.kept import Kept, NotKeptError, frozen, frozen_names

ENTRIES = 4096
MASK_BYTES = 16 << 20
SIZE_BYTES = 4 << 20
_OVERHEAD = 1024  # bytes of a key and of the objects around a result


def install() -> None:
    """Patch Pillow's fonts in this process."""
    font = ImageFont.FreeTypeFont
    for name, keep in (
        ("getmask2", _kept_masks),
        ("getbbox", _kept_sizes),
        ("getlength", _kept_sizes),
    ):
        if hasattr(font, name):  # not in each version
            setattr(font, name, keep(getattr(font, name)))


def _kept_masks(original: Callable[..., Any]) -> Callable[..., Any]:
    kept = Kept(ENTRIES, MASK_BYTES)

    @functools.wraps(original)
    def getmask2(self: Any, *arguments: Any, **named: Any) -> Any:
        try:
            key = _key(self, arguments, named)
        except (AttributeError, NotKeptError):
            return original(self, *arguments, **named)
        found = kept.get(key)
        if found is not None:
            return found[0].copy(), found[1]
        result = original(self, *arguments, **named)
        if _is_mask(result) and not _warns(result[0]):
            mask, offset = result
            kept.put(key, (mask.copy(), offset), _bytes(mask) + _key_bytes(arguments, named))
        return result

    return getmask2


def _kept_sizes(original: Callable[..., Any]) -> Callable[..., Any]:
    kept = Kept(ENTRIES, SIZE_BYTES)

    @functools.wraps(original)
    def measure(self: Any, *arguments: Any, **named: Any) -> Any:
        try:
            key = _key(self, arguments, named)
        except (AttributeError, NotKeptError):
            return original(self, *arguments, **named)
        found = kept.get(key)
        if found is None:
            found = original(self, *arguments, **named)
            if type(found) in (tuple, int, float):
                kept.put(key, found, _key_bytes(arguments, named))
        return found

    return measure


def _key(font: Any, arguments: tuple[Any, ...], named: dict[str, Any]) -> Hashable:
    limits = Image.MAX_IMAGE_PIXELS, getattr(ImageFont, "MAX_STRING_LENGTH", None)
    return identity(font), frozen(arguments), frozen_names(named), limits


def _is_mask(result: Any) -> bool:
    if type(result) is not tuple or len(result) != 2:
        return False
    mask, offset = result
    return hasattr(mask, "copy") and hasattr(mask, "mode") and type(offset) is tuple


def _warns(mask: Any) -> bool:
    """Whether Pillow warns each time that such a mask is too large."""
    limit = Image.MAX_IMAGE_PIXELS
    return limit is not None and bool(mask.size[0] * mask.size[1] > limit)


def _bytes(mask: Any) -> int:
    width, height = mask.size
    return int(width * height * (4 if mask.mode == "RGBA" else 1))


def _key_bytes(arguments: Iterable[Any], named: Mapping[str, Any]) -> int:
    values = (*arguments, *named.values())
    return _OVERHEAD + sum(_most_bytes(value) for value in values)


def _most_bytes(value: Any) -> int:
    if isinstance(value, str | bytes):
        return 4 * len(value)
    return _key_bytes(value, {}) if isinstance(value, list | tuple) else 0
