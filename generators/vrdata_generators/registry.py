"""Load a generator or a converter by its name or from its file."""

from __future__ import annotations

import importlib.util
import sys
from importlib import import_module
from importlib.metadata import entry_points
from keyword import iskeyword
from pathlib import Path
from types import ModuleType
from typing import TypeVar

from vrdata_generators.api import Converter, Generator

CONVERTERS = "vrdata.converters"
"""The entry point group of installed packages; a converter's name is the entry point's."""

T = TypeVar("T", Generator, Converter)


def get_generator(name: str) -> Generator:
    """A first-party generator by its catalogue name; `builtin/some_task.py` defines `O-some-task`.

    Raises:
        KeyError: there is no such generator.
    """
    generator = only_generator(_first_party("builtin", name).__dict__)()
    if generator.name != name:
        raise KeyError(name)
    return generator


def get_converter(name: str) -> Converter:
    """A converter by its catalogue name: of an installed package, or first-party.

    Raises:
        KeyError: there is no such converter.
        TypeError, ValueError: the entry point is not a converter of this name.
        Exception: whatever the package raises when it is imported.
    """
    installed = next(iter(entry_points(group=CONVERTERS, name=name)), None)
    if installed is None:
        return only_converter(_first_party("converters", name).__dict__)()
    found = installed.load()
    if not (isinstance(found, type) and issubclass(found, Converter)):
        raise TypeError(f"{installed.value} is not a Converter")
    if found.name != name:
        raise ValueError(f"{installed.value} has the name {found.name}, not {name}")
    return found()


def load_generator(path: Path) -> Generator:
    """The generator that a `generator.py` defines; the file can import others of its folder.

    Raises:
        ValueError: the file does not define exactly one generator.
        Exception: whatever the file raises when it is imported.
    """
    return only_generator(_of_file(path, "user_generator").__dict__)()


def load_converter(path: Path) -> Converter:
    """The converter that a `converter.py` defines; the file can import others of its folder.

    Raises:
        ValueError: the file does not define exactly one converter.
        Exception: whatever the file raises when it is imported.
    """
    return only_converter(_of_file(path, "user_converter").__dict__)()


def only_generator(namespace: dict[str, object]) -> type[Generator]:
    """The one Generator class that a module defines. Raises ValueError for no class or several."""
    return _only(namespace, Generator)  # type: ignore[type-abstract]


def only_converter(namespace: dict[str, object]) -> type[Converter]:
    """The one Converter class that a module defines. Raises ValueError for no class or several."""
    return _only(namespace, Converter)  # type: ignore[type-abstract]


def _only(namespace: dict[str, object], base: type[T]) -> type[T]:
    module = namespace["__name__"]
    found = [
        value
        for value in namespace.values()
        if isinstance(value, type)
        and issubclass(value, base)
        and value is not base
        and value.__module__ == module
    ]
    if len(found) != 1:
        what = base.__name__
        raise ValueError(f"{module} must define exactly one {what}, but it defines {len(found)}")
    return found[0]


def _first_party(folder: str, name: str) -> ModuleType:
    stem = name[2:].replace("-", "_")
    module = f"vrdata_generators.{folder}.{stem}{'_' * iskeyword(stem)}"
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        raise KeyError(name) from None


def _of_file(path: Path, name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ValueError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    if str(path.parent) not in sys.path:
        sys.path.insert(0, str(path.parent))
    spec.loader.exec_module(module)
    return module
