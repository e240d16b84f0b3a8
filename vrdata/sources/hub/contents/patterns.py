"""Which files match a pattern of a dataset card, as `load_dataset` matches them. Pure.

Rules of `datasets.data_files`: a `*` matches within one name, `**` any number of folders. Hidden
files, and folders that start with `__`, match only patterns that name them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import PurePosixPath

from vrdata.errors import InvalidInputError
from vrdata.text import shorten

MAX_ANY = 3  # of `**` in a pattern
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

    Raises:
        InvalidInputError: the pattern has too many `**`.
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
    if parts.count("**") > MAX_ANY:
        raise InvalidInputError(
            f"the pattern {shorten(pattern, 80)!r} of the dataset card has more than {MAX_ANY} **",
            why="to try all combinations of folders would take too long",
            fix="name the files in source.include of a run file",
        )
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
    """A part of a path. No star is tried again once what follows it has matched.

    Otherwise a card with many stars would keep the search busy for hours. The first match is as
    good as a later one, unless the next star matches less.
    """
    star, after = "", ""
    written = ""
    for wildcard, fixed in _chunks(part):
        if star:
            atomic = not (star == "." and wildcard == "[^/]")
            written += f"(?>{star}*?{after})" if atomic else f"{star}*{after}"
        else:
            written += after
        star, after = wildcard, fixed
    return f"{written}{star}*{after}" if star else written + after


def _chunks(part: str) -> Iterator[tuple[str, str]]:
    """What each star of a part matches, "" before the first one, and the expression after it."""
    star, fixed, rest = "", "", part
    while rest:
        letter, rest = rest[0], rest[1:]
        if letter == "*":
            yield star, fixed
            star, fixed = ("." if rest.startswith("*") else "[^/]"), ""
            rest = rest.lstrip("*")
        elif letter == "?":
            fixed += "[^/]"
        elif letter == "[" and (end := rest.find("]", 2 if rest.startswith("!") else 1)) > 0:
            fixed += _set(rest[:end])
            rest = rest[end + 1 :]
        else:
            fixed += re.escape(letter)
    yield star, fixed


def _set(inside: str) -> str:
    negated = inside.startswith("!")
    letters = inside.removeprefix("!").replace("\\", r"\\").replace("[", r"\[")
    letters = letters.replace("^", r"\^")
    return f"[{'^/' if negated else ''}{letters}]"
