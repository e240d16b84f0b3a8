"""A path that each process resolves to its own folder.

Libraries decide when they are imported where their caches are. The template imports them, and its
blocks use them: with this path, each block finds its own folder there, and no other block's.
"""

from __future__ import annotations

import os
import sys
from types import ModuleType

_DESCRIPTOR = 200  # programs and shells do not choose it
PATH = f"/proc/self/fd/{_DESCRIPTOR}"  # proc(5)
FOLDERS = {"TMPDIR": "tmp", "HOME": "home", "MPLCONFIGDIR": "mpl"}
"""Variables of the environment and the folders that they name."""


def settle(folder: str) -> None:
    """Make `PATH` this folder, in this process and in those that it forks."""
    place = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    os.dup2(place, _DESCRIPTOR, inheritable=False)
    os.close(place)


def move_matplotlib() -> None:
    """Let matplotlib find its folders again: it resolves links, and remembers the result."""
    library = sys.modules.get("matplotlib")
    if library is None:
        return
    for name in ("get_configdir", "get_cachedir"):
        _forget(getattr(library, name, None))
    manager = getattr(sys.modules.get("matplotlib.texmanager"), "TexManager", None)
    for name in ("_texcache", "texcache"):  # versions from 3.6 on, and before
        if manager is not None and isinstance(vars(manager).get(name), str):
            setattr(manager, name, os.path.join(_cache_of(library), "tex.cache"))  # noqa: PTH118


def _cache_of(library: ModuleType) -> str:
    return str(library.get_cachedir())


def _forget(function: object) -> None:
    """Reset a function that remembers its result in a variable of its closure."""
    names = getattr(getattr(function, "__code__", None), "co_freevars", ())
    for name, cell in zip(names, getattr(function, "__closure__", None) or (), strict=True):
        if name == "called":
            cell.cell_contents = False
