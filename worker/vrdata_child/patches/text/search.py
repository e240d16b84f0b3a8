"""The folders in which Pillow searches for a font that it does not find at its path.

Pillow lists all of them for each font that does not exist. As long as they are unchanged, it finds
the same.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Hashable
from typing import NamedTuple

from vrdata_child.patches.text.identity import file_state

MAX_FOLDERS = 256


class _Listing(NamedTuple):
    """What the folders contained.

    Attributes:
        folders: their states.
        fonts: paths of files by their names without extension.
        number: tells this listing from others.
    """

    folders: dict[str, Hashable]
    fonts: dict[str, list[str]]
    number: object


_listings: dict[tuple[str, ...], _Listing] = {}


def search_state(path: str) -> Hashable:
    """What the search for a font depends on, or None if that is not known.

    Args:
        path: a name or path of a font, where no file is.
    """
    if sys.platform != "linux":
        return None
    roots = _roots()
    listing = _listings.get(roots)
    if listing is None or any(_state(name) != state for name, state in listing.folders.items()):
        _listings.clear()
        listing = _listings[roots] = _list(roots)
    if len(listing.folders) > MAX_FOLDERS:
        return None
    stem = os.path.splitext(os.path.basename(path))[0]  # noqa: PTH119, PTH122 - as Pillow
    found = tuple(file_state(font) for font in listing.fonts.get(stem, ()))
    return listing.number, found


def _roots() -> tuple[str, ...]:
    """All folders that one of Pillow's versions searches."""
    home = os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")  # noqa: PTH111
    named = os.environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share"
    return tuple(f"{folder}/fonts" for folder in (home, *named.split(":")))


def _list(roots: tuple[str, ...]) -> _Listing:
    folders = {root: _state(root) for root in roots}
    fonts: dict[str, list[str]] = {}
    for root in roots:
        for folder, inner, names in os.walk(root):
            folders |= {path: _state(path) for path in (f"{folder}/{name}" for name in inner)}
            for name in names:
                stem = os.path.splitext(name)[0]  # noqa: PTH122 - as Pillow
                fonts.setdefault(stem, []).append(f"{folder}/{name}")
            if len(folders) > MAX_FOLDERS:
                return _Listing(folders, {}, object())
    return _Listing(folders, fonts, object())


def _state(folder: str) -> Hashable:
    try:
        found = os.stat(folder)  # noqa: PTH116 - called for each font
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_nlink, found.st_ctime_ns
