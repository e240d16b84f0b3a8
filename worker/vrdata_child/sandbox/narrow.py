"""Close a block more narrowly than the template that it is forked from."""

from __future__ import annotations

import os

from vrdata_child.sandbox import landlock
from vrdata_child.sandbox.landlock import READ, Grant
from vrdata_child.sandbox.places import readable, without_needless, writable

_TEMPLATE_FOLDERS = ("packages", "tmpdir", "home", "mplconfigdir")


class Narrowing:
    """Prepared once, before any code of the generator runs; used by every block.

    Args:
        root: the generator's folder, or "".
        folder: of the template.
        python: the interpreter.
    """

    def __init__(self, root: str, folder: str, python: str) -> None:
        self._version = landlock.version()
        own = [Grant(f"{folder}/{name}", READ) for name in _TEMPLATE_FOLDERS]
        found = readable([root] if root else [], python, os.environ)
        self._rules = landlock.Rules(without_needless([*found, *own]), self._version)

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
