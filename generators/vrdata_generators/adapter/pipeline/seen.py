"""What a watched trial of a pipeline has seen: `calls.json` of its block."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, ValidationError

from vrdata_child.pipeline.calls import NAME
from vrdata_worker.untrusted.folders import size_of, tail_of

MAX_BYTES = 64 * 2**20


class Call(NamedTuple):
    """One call of a function; times are numbers that grow with each event.

    `numbers` are its integer arguments, and `named` the files of sources that its arguments name.
    """

    begin: int
    end: int
    caller: int
    numbers: dict[str, int]
    seconds: float
    named: dict[str, str]


class Function(BaseModel):
    """The calls of a function of the repository, in order."""

    module: str
    name: str
    calls: list[Call]


class Made(NamedTuple):
    """A sample folder: relative to the block's folder, when it was made, names of its files."""

    folder: str
    time: int
    names: list[str]


class Seen(BaseModel):
    """What a trial has seen.

    Attributes:
        samples: every sample folder.
        functions: those of the repository that were called a limited number of times.
        paths: absolute paths in the code of the imported modules.
        touched: absolute paths outside the block that the script looked for.
        programs: programs that it started.
        missing: modules that its code imports and that are not installed.
    """

    samples: list[Made] = []
    functions: list[Function] = []
    paths: list[str] = []
    touched: list[str] = []
    programs: list[str] = []
    missing: list[str] = []


def read_seen(folder: Path) -> Seen:
    """Read what a trial has seen; a file that is missing or damaged has seen nothing.

    Args:
        folder: of the block, which its generator can write to.
    """
    path = folder / NAME
    if size_of(path) > MAX_BYTES:
        return Seen()
    with contextlib.suppress(ValidationError):
        return Seen.model_validate_json(tail_of(path, MAX_BYTES))
    return Seen()


def in_order(seen: Seen) -> Iterator[Made]:
    """The samples in the order in which they were made."""
    yield from sorted(seen.samples, key=lambda made: made.time)
