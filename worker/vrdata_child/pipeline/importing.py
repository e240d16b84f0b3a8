"""Import a repository's modules, and run its script, with changed code."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from vrdata_child.pipeline.source import STEP, Changes, compiled

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def install(root: str, changes: Changes, step: Decorator) -> None:
    """Change the modules below `root` when they are imported; their compiled files are not used.

    Args:
        root: the repository's folder.
        changes: what to change.
        step: replaces the step.
    """
    setattr(builtins, STEP, step)
    original = SourceFileLoader.get_code

    def get_code(self: SourceFileLoader, fullname: str) -> CodeType | None:
        path = self.get_filename(fullname)
        if not path.startswith(f"{root}/"):
            return original(self, fullname)
        return compiled(self.get_data(path), path, fullname, changes)

    SourceFileLoader.get_code = get_code  # type: ignore[method-assign,assignment]


def run_main(script: Path, changes: Changes) -> None:
    """Run a script as `__main__`.

    Args:
        script: its file.
        changes: what to change in it.

    Raises:
        BaseException: whatever it raises.
    """
    module = ModuleType("__main__")
    module.__file__ = str(script)
    module.__dict__["__builtins__"] = builtins
    sys.modules["__main__"] = module
    code = compiled(script.read_bytes(), str(script), "__main__", changes)
    exec(code, module.__dict__)  # noqa: S102 - the repository's own script
