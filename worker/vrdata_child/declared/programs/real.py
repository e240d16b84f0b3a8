"""Become the real program that a stand-in program takes the place of."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn


class NotInstalledError(Exception):
    """The real program is missing.

    Attributes:
        name: of the program.
    """

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name} is not installed: use a worker image that has it (docs/images.md), or install"
            " it on this machine"
        )
        self.name = name


def path_without(folder: Path) -> str:
    """PATH without the stand-in programs of a block."""
    places = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join(place for place in places if not _is_below(place, folder))


def find(folder: Path, name: str) -> str:
    """The real program.

    Args:
        folder: of the block.
        name: of the program.

    Raises:
        NotInstalledError: no folder of PATH has it.
    """
    found = shutil.which(name, path=path_without(folder))
    if found is None:
        raise NotInstalledError(name)
    return found


def pass_on(folder: Path, name: str, args: Sequence[str]) -> NoReturn:
    """Replace this process by the real program. Raises NotInstalledError, OSError."""
    if name in ("pip", "pip3"):  # that of the pipeline's environment
        modules = os.environ.get("PYTHONPATH", "").split(os.pathsep)
        kept = (place for place in modules if not _is_below(place, folder))
        os.environ["PYTHONPATH"] = os.pathsep.join(kept)
        os.execv(sys.executable, [sys.executable, "-m", "pip", *args])  # noqa: S606
    program = find(folder, name)
    os.execv(program, [name, *args])  # noqa: S606


def _is_below(place: str, folder: Path) -> bool:
    return f"{os.path.realpath(place)}/".startswith(f"{folder}/") if place else False
