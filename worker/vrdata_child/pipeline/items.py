"""Which file of a source an item is: the one that an argument of the step names."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from inspect import signature
from itertools import islice
from pathlib import Path
from typing import Any

from vrdata_child.pipeline.folders import SOURCES, place_of

MAX_PATH = 300  # characters; a longer one is not named
_MAX_GIVEN = 4096
_MAX_PARTS = 20  # of an argument


class Files:
    """Names the files and folders of all places as the repository does.

    Args:
        folder: of the block; it has `sources.json`.
        cwd: the working folder.
    """

    def __init__(self, folder: Path, cwd: Path) -> None:
        self._above: dict[Path, str] = {}
        for source in json.loads((folder / SOURCES).read_bytes()):
            place = source["place"]
            self._above[place_of(place, folder, cwd)] = place
            if source["folder"]:  # a resolved link leads there
                self._above[Path(source["folder"])] = place

    def named(self, arguments: Mapping[str, object]) -> dict[str, str]:
        """The files that arguments name, by expression: `path`, `pair[0]`, `one.path`.

        Args:
            arguments: of a function, by name.
        """
        found = ((text, self._name(value)) for text, value in _expressions(arguments))
        return {text: name for text, name in found if name}

    def _name(self, value: object) -> str:
        """`raw/a.png` for the path of a file or folder below a place, otherwise ""."""
        if not isinstance(value, str | Path) or len(str(value)) > _MAX_GIVEN or "\0" in str(value):
            return ""
        path = Path(os.path.abspath(value))  # noqa: PTH100 - links stay
        for above, place in self._above.items():
            if path.is_relative_to(above) and path != above and os.path.exists(path):  # noqa: PTH110
                name = f"{place}/{path.relative_to(above)}"
                return name if len(name) <= MAX_PATH and name.isprintable() else ""
        return ""


def with_item(packet: dict[str, Any], item: str) -> dict[str, Any]:
    """The packet of a sample, with its item; the message of a failure begins with it.

    Args:
        packet: `sample` or `invalid`.
        item: its name, or "".
    """
    if not item:
        return packet
    if packet["event"] == "sample":
        return packet | {"item": item}
    return packet | {"message": f"{item}: {packet['message']}"}


def arguments_of(
    function: Callable[..., Any], args: tuple[Any, ...], options: Mapping[str, Any]
) -> dict[str, Any]:
    """The arguments of a call by name; empty if the function cannot be called with them."""
    try:
        return signature(function).bind(*args, **options).arguments
    except (TypeError, ValueError):
        return {}


def _expressions(arguments: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Each argument, and each of its parts, with the expression for it."""
    for name, value in arguments.items():
        yield name, value
        yield from islice(_parts(name, value), _MAX_PARTS)


def _parts(name: str, value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        yield from ((f"{name}[{key!r}]", one) for key, one in value.items() if type(key) is str)
    elif isinstance(value, list | tuple):
        yield from ((f"{name}[{at}]", one) for at, one in enumerate(value))
    elif isinstance(fields := getattr(value, "__dict__", None), dict):
        yield from ((f"{name}.{key}", one) for key, one in fields.items())
