"""Which files match a pattern of a dataset card, as `load_dataset` matches them. Pure.

Rules of `datasets.data_files`: a `*` matches within one name, `**` any number of folders. Hidden
files, and folders that start with `__`, match only patterns that name them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import PurePosixPath

NO_DATA = {
    "README.md",
    "config.json",
    "dataset_info.json",
    "dataset_infos.json",
    "dummy_data.zip",
    "dataset_dict.json",
}


def matching(names: Iterable[str], pattern: str) -> list[str]:
    """The names that match, sorted.

    Args:
        names: paths with `/`.
        pattern: a path with wildcards.
    """
    pattern = pattern.removeprefix("./")
    expression = _expression(pattern)
    last = PurePosixPath(pattern).name
    return sorted(
        name
        for name in names
        if expression.fullmatch(name)
        and (PurePosixPath(name).name not in NO_DATA or PurePosixPath(name).name == last)
        and _special(name) == _special(pattern)
        and _hidden(name) == _hidden(pattern)
    )


def _special(path: str) -> int:
    return sum(part.startswith("__") for part in PurePosixPath(path).parent.parts)


def _hidden(path: str) -> int:
    return sum(part.startswith(".") and part.strip(".") != "" for part in path.split("/"))


@lru_cache(256)
def _expression(pattern: str) -> re.Pattern[str]:
    parts = pattern.split("/")
    written = []
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        if part == "**":
            written.append(".*" if last else "(?:.+/)?")
        elif part == "*":
            written.append("[^/]+" if last else "[^/]+/")
        else:
            written.append(_part(part) + ("" if last else "/"))
    return re.compile("".join(written), re.DOTALL)


def _part(part: str) -> str:
    written, rest = "", part
    while rest:
        letter, rest = rest[0], rest[1:]
        if letter == "*":
            written += ".*" if rest.startswith("*") else "[^/]*"
            rest = rest.lstrip("*")
        elif letter == "?":
            written += "[^/]"
        elif letter == "[" and (end := rest.find("]", 2 if rest.startswith("!") else 1)) > 0:
            inside, rest = rest[:end], rest[end + 1 :]
            negated = inside.startswith("!")
            letters = inside.removeprefix("!").replace("\\", r"\\").replace("[", r"\[")
            letters = letters.replace("^", r"\^")
            written += f"[{'^/' if negated else ''}{letters}]"
        else:
            written += re.escape(letter)
    return written
