"""Signals to processes outside the block, and the lines that start programs."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Iterator
from pathlib import PurePath

SIGNALS = frozenset({"os.kill", "os.killpg"})
STARTS = frozenset({"subprocess.Popen", "os.posix_spawn", "os.exec", "os.system"})
SIGNAL = "signal another process"
_MAX_DEPTH = 64
_MAX_WORDS = 64
_NAME = re.compile(r"[A-Za-z0-9][\w.+-]{0,63}")  # of a program


def is_outside(event: str, number: int, leader: int) -> bool:
    """Whether a signal goes to another process than those of a block.

    Args:
        event: `os.kill` or `os.killpg`.
        number: of the process, or of the group.
        leader: the process of the block, which all others descend from.
    """
    if number == -1 and event == "os.kill":
        return True  # all processes
    process = abs(number)
    for _ in range(_MAX_DEPTH):
        if process in (0, leader, os.getpid()):
            return False
        parent = _parent(process)
        if parent is None:
            return process != abs(number)  # it does not exist: the kernel says so
        process = parent
        if process <= 1:
            return True
    return True


def _parent(process: int) -> int | None:
    try:
        file = os.open(f"/proc/{process}/stat", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        return int(os.read(file, 4096).rpartition(b")")[2].split()[1])
    except (OSError, IndexError, ValueError):
        return None
    finally:
        os.close(file)


def program_of(event: str, args: tuple[object, ...]) -> str:
    """The program that an event starts, as the code spells it."""
    return "sh" if event == "os.system" else _text(args[0])


def names_of(event: str, args: tuple[object, ...]) -> list[str]:
    """The names that the started program, or one that it starts, can have."""
    program = program_of(event, args)
    found = shutil.which(program) or program
    words = [program, os.path.realpath(found)]
    if event == "os.system":
        words += _words([args[0]])
    elif isinstance(args[1], list | tuple):
        words += _words(args[1])
    else:
        words += _words([args[1]])
    names = (PurePath(word).name for word in words)
    return list(dict.fromkeys(filter(_NAME.fullmatch, names)))[:_MAX_WORDS]


def _words(arguments: Iterable[object]) -> Iterator[str]:
    for argument in list(arguments)[:_MAX_WORDS]:
        yield from (word.strip("\"'();&|`$") for word in _text(argument)[:4096].split())


def _text(value: object) -> str:
    return os.fsdecode(value) if isinstance(value, str | bytes | PurePath) else ""
