"""Imports that cost less, for the processes of vrdata's own programs."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

COLLECT_AFTER = 20_000  # new objects; imported code is no garbage


def import_fast() -> None:
    """Make imports cheaper for the rest of this process: programs call this, libraries do not.

    - pyarrow imports neither numpy nor pandas. They take longer to import than all of vrdata, and
      vrdata's indexes need neither; this pyarrow cannot exchange arrays with them.
    - Python searches for garbage less often: it would walk through all modules again and again.
    """
    sys.meta_path.insert(0, _Finder())
    gc.set_threshold(COLLECT_AFTER)


class _Finder(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The usual module, loaded in another way."""
        spec = PathFinder.find_spec(fullname, path, target) if fullname == "pyarrow" else None
        if spec is None or spec.loader is None:
            return None
        load = spec.loader.exec_module

        def load_alone(module: ModuleType) -> None:
            with _hidden("numpy"):
                load(module)

        spec.loader.exec_module = load_alone  # type: ignore[method-assign]
        return spec


@contextmanager
def _hidden(name: str) -> Iterator[None]:
    """Let imports of a module fail as if it were not installed."""
    modules: dict[str, Any] = sys.modules
    known = modules.get(name)
    modules[name] = None
    try:
        yield
    finally:
        del modules[name]
        if known is not None:
            modules[name] = known
