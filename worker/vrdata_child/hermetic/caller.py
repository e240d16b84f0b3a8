"""Tell the generator's own code from libraries, by the file that the code was loaded from.

Only the generator's own code sees a virtual clock and a seeded `hash`. A library that measures a
wait, or compares hashes, gets Python's own functions.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

_folders: tuple[str, ...] = ()
_known: dict[str, bool] = {}


def set_folders(*folders: str) -> None:
    """Set the folders of the generator's own code; an empty name is ignored."""
    global _folders  # noqa: PLW0603 - one generator per process
    places = [place for folder in folders if folder for place in (folder, os.path.realpath(folder))]
    _folders = tuple(dict.fromkeys(place.rstrip("/") + "/" for place in places))
    _known.clear()


def is_own(frame: FrameType) -> bool:
    """Whether a frame runs the generator's own code.

    The answer depends only on where the code was defined, so a method of a library gets the same
    answer whoever calls it.
    """
    file = frame.f_globals.get("__file__") or frame.f_code.co_filename
    known = _known.get(file)
    if known is None:
        known = _known[file] = str(file).startswith(_folders)
    return known


def called_by_generator() -> bool:
    """Whether the caller of the function that asks is the generator's own code."""
    return is_own(sys._getframe(2))  # noqa: SLF001 - CPython's documented function


def called_by_standard_library() -> bool:
    """Whether the caller of the function that asks is a module of the standard library.

    Except `sched`: the generator chooses its waits and its clock.
    """
    module = str(sys._getframe(2).f_globals.get("__name__", ""))  # noqa: SLF001 - as above
    return module != "sched" and module.partition(".")[0] in sys.stdlib_module_names


def runs_generator() -> bool:
    """Whether the generator's own code is anywhere on this thread's stack."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - as above
    while frame is not None:
        if is_own(frame):
            return True
        frame = frame.f_back
    return False


def own_line() -> str:
    """The innermost line of the generator's own code on this thread's stack, or "".

    Returns:
        `FILE:LINE`, with the file relative to the generator's folder.
    """
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - as above
    while frame is not None:
        if is_own(frame):
            file = str(frame.f_globals.get("__file__") or frame.f_code.co_filename)
            folder = next(place for place in _folders if file.startswith(place))
            return f"{file.removeprefix(folder).removeprefix('cwd/')}:{frame.f_lineno}"
        frame = frame.f_back
    return ""


class Replacement:
    """A callable in the place of a built-in function.

    A Python function would become a method when a class keeps it as an attribute; a built-in
    function does not, and neither does this.

    Args:
        original: the function; its name, module and documentation are kept.
    """

    def __init__(self, original: Callable[..., Any]) -> None:
        self._original = original
        self.__name__: str = getattr(original, "__name__", "")
        self.__qualname__ = self.__name__
        self.__module__ = getattr(original, "__module__", None) or ""
        self.__doc__ = getattr(original, "__doc__", None)

    def __reduce__(self) -> str:
        return self.__name__  # pickled by name, as a built-in function

    def __repr__(self) -> str:
        return f"<built-in function {self.__name__}>"
