"""The first-party generators by name; each is imported when it is asked for."""

from __future__ import annotations

import importlib.util
import sys
from importlib import import_module
from pathlib import Path

from vrdata_generators.api import Generator
from vrdata_generators.builtin.modules import MODULES


def get_generator(name: str) -> Generator:
    """A first-party generator.

    Raises:
        KeyError: there is none with this name.
    """
    return only_generator(import_module(MODULES[name]).__dict__)()


def load_generator(path: Path) -> Generator:
    """The generator that a `generator.py` defines; it can import other files of its folder.

    Raises:
        ValueError: the file defines none, or several.
        Exception: whatever the file raises when it is imported.
    """
    spec = importlib.util.spec_from_file_location("user_generator", path)
    if spec is None or spec.loader is None:
        raise ValueError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules["user_generator"] = module
    if str(path.parent) not in sys.path:
        sys.path.insert(0, str(path.parent))
    spec.loader.exec_module(module)
    return only_generator(module.__dict__)()


def only_generator(namespace: dict[str, object]) -> type[Generator]:
    """The one Generator class that a module defines. Raises ValueError for none or several."""
    home = namespace["__name__"]
    found = [
        value
        for value in namespace.values()
        if isinstance(value, type)
        and issubclass(value, Generator)
        and value is not Generator
        and value.__module__ == home
    ]
    if len(found) != 1:
        raise ValueError(f"{home} must define exactly one Generator, it defines {len(found)}")
    return found[0]
