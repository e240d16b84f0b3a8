"""Load a generator by its name or from its file."""

from __future__ import annotations

import importlib.util
import sys
from importlib import import_module
from pathlib import Path

from vrdata_generators.api import Generator


def get_generator(name: str) -> Generator:
    """A first-party generator by its catalogue name; `builtin/some_task.py` defines `O-some-task`.

    Raises:
        KeyError: there is no such generator.
    """
    module = f"vrdata_generators.builtin.{name[2:].replace('-', '_')}"
    try:
        generator = only_generator(import_module(module).__dict__)()
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        raise KeyError(name) from None
    if generator.name != name:
        raise KeyError(name)
    return generator


def load_generator(path: Path) -> Generator:
    """The generator that a `generator.py` defines; the file can import others of its folder.

    Raises:
        ValueError: the file does not define exactly one generator.
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
    """The one Generator class that a module defines. Raises ValueError for no class or several."""
    module = namespace["__name__"]
    found = [
        value
        for value in namespace.values()
        if isinstance(value, type)
        and issubclass(value, Generator)
        and value is not Generator
        and value.__module__ == module
    ]
    if len(found) != 1:
        raise ValueError(f"{module} must define exactly one Generator, but it defines {len(found)}")
    return found[0]
