"""Find the flags in the `--help` text of any library. Pure.

It reads usage lines, and the option lists of argparse, click, typer and rich (boxes, columns,
colours), tyro, absl, fire and docopt, and hand-written ones. It ignores prose and examples.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-_])")
_NAME = r"-{1,2}(?:\[no-?\])?[A-Za-z][\w.-]*"
_FLAG = re.compile(rf"({_NAME})(?:[=\[:].*)?$")
_IN_USAGE = re.compile(rf"(?<![\w-]){_NAME}")
_NEGATION = re.compile(r"\[no-?\]")
_BAR = re.compile(r"[│┃║|]")
_BULLET = re.compile(r"^(?:[*!•>+-]\s+)+")
_USAGE = re.compile(r"^\W*usage\b", re.IGNORECASE)
# fire: positional arguments of a function can be given as flags.
_FIRE_NOTE = "flags syntax for POSITIONAL ARGUMENTS"
_FIRE_SECTION = re.compile(r"^POSITIONAL ARGUMENTS\n((?:[ \t]+\S.*\n?)+)", re.MULTILINE)


def flags_in(text: str) -> tuple[str, ...]:
    """The flags that a help text offers, in its order, each once.

    Single letters are among them, such as `-n`; a name can start with one dash.
    """
    plain = _ESCAPE.sub("", text).replace("\r", "")
    lines = plain.splitlines()
    found = dict.fromkeys((*_defined(lines), *_in_usage(lines), *_of_fire(plain)))
    return tuple(found)


def _defined(lines: list[str]) -> Iterator[str]:
    """Flags at the start of a line, or of a cell of a box."""
    continued = False
    for line in lines:
        if not continued:  # the next line of an example
            cells = _BAR.split(line) if _BAR.match(line.strip()) else [line]
            for cell in cells:
                yield from _head(_BULLET.sub("", cell.strip()))
        continued = line.rstrip().endswith("\\")


def _head(text: str) -> Iterator[str]:
    """The flags of one definition, up to its description."""
    if not text.startswith("-"):
        return
    for place, column in enumerate(re.split(r"\s{2,}|\t", text)):
        words = [word for word in re.split(r"[\s,/|]+", column) if word]
        if place and not (words and (_FLAG.match(words[0]) or len(words) == 1)):
            return
        values = 0
        for word in words:
            match = _FLAG.match(word)
            values = 0 if match else values + 1
            if values > 1:
                return
            if match:
                yield _NEGATION.sub("", match[1]).rstrip(".-")
            if word.endswith(":"):
                return


def _in_usage(lines: list[str]) -> Iterator[str]:
    """Flags in usage lines, which end at an empty line."""
    usage = False
    for line in lines:
        usage = (usage and bool(line.strip())) or bool(_USAGE.match(line))
        if usage:
            for name in _IN_USAGE.findall(line):
                yield _NEGATION.sub("", name).rstrip(".-")


def _of_fire(text: str) -> Iterator[str]:
    section = _FIRE_SECTION.search(text) if _FIRE_NOTE in text else None
    for line in section[1].splitlines() if section else ():
        name = line.strip()
        if re.fullmatch(r"[A-Z][A-Z0-9_]*", name):
            yield f"--{name.lower()}"
