"""Restrict a block further than the template that it is forked from."""

from __future__ import annotations

import os
from collections.abc import Iterable

from vrdata_child.sandbox import landlock
from vrdata_child.sandbox.landlock import READ, READ_FILE, WRITE_FILE, Grant
from vrdata_child.sandbox.places import readable, without_needless, writable

_TEMPLATE_FOLDERS = ("packages", "tmp", "home", "mpl")


def widened(grants: Iterable[Grant], folder: str) -> list[Grant]:
    """Fewer rules for a second domain, which only restricts what is near a folder.

    Both domains must allow what a process does, so the first one still restricts other paths.

    Args:
        grants: those of the first domain.
        folder: where the rights differ; real path.
    """
    rights: dict[str, int] = {}
    for grant in grants:
        top = "/" + grant.path.split("/")[1]
        place = grant.path if f"{folder}/".startswith(f"{top}/") else top
        rights[place] = rights.get(place, 0) | grant.rights
    return [Grant(path, own) for path, own in rights.items()]


class Narrowing:
    """Prepared once, before any code of the generator runs; used by every block.

    Args:
        folders: that the generator reads: its own, and that of its items.
        folder: of the template.
        python: the interpreter.
        version: of Landlock, as it restricts the template; 0 = none.

    Attributes:
        readable: files and folders that a block can read, besides its own folder.
        writable: files and folders that a block can write, besides its own folder.
    """

    def __init__(self, folders: Iterable[str], folder: str, python: str, version: int) -> None:
        self._version = version
        own = [Grant(f"{folder}/{name}", READ) for name in _TEMPLATE_FOLDERS]
        found = readable(filter(None, folders), python, os.environ)
        grants = without_needless([*found, *own])
        self._rules = landlock.Rules(widened(grants, folder), self._version)
        grants += writable([])
        self.readable = [grant.path for grant in grants if grant.rights & READ_FILE]
        self.writable = [grant.path for grant in grants if grant.rights & WRITE_FILE]

    @property
    def refuses_files(self) -> bool:
        """Whether the kernel has Landlock."""
        return self._version > 0

    def apply(self, folder: str) -> None:
        """Let this process write to one folder only; it cannot see other blocks.

        Signals and abstract sockets stay inside, if the kernel can do that. Does nothing when the
        kernel has no Landlock.

        Raises:
            OSError: the kernel refuses the rules.
        """
        if self._version:
            self._rules.extend(writable([folder]))
            self._rules.restrict()
