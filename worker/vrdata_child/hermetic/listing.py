"""List folders in the order of names.

The order of a file system differs between machines, so that the same seed would choose another
file. `glob`, `pathlib` and `os.walk` list folders with these two functions.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any, Self

from vrdata_child.hermetic import caller


def install() -> None:
    """Replace os.listdir and os.scandir in this process."""
    setattr(os, "listdir", _Sorted(os.listdir, sorted))  # noqa: B010 - overloaded
    setattr(os, "scandir", _Sorted(os.scandir, _Entries))  # noqa: B010 - as above
    os.supports_fd.update((os.listdir, os.scandir))  # shutil checks this set


class _Sorted(caller.Replacement):
    """A function that lists a folder; `order` arranges its result."""

    def __init__(self, original: Callable[..., Any], order: Callable[[Any], Any]) -> None:
        super().__init__(original)
        self._order = order

    def __call__(self, path: Any = ".") -> Any:
        return self._order(self._original(path))


class _Entries(Iterator[os.DirEntry[Any]]):
    """The result of os.scandir: an iterator that can be closed, and a context manager."""

    def __init__(self, found: Any) -> None:
        with found:
            self._entries = iter(sorted(found, key=lambda entry: entry.name))

    def __next__(self) -> os.DirEntry[Any]:
        return next(self._entries)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the iteration, as the original."""
        self._entries = iter(())
