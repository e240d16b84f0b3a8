"""Write the bytes that a part needs of a file, and compare them with the pinned digest."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path

from vrdata.errors import InvalidInputError
from vrdata.sources.port import IN_PLACE, PartFile, PartFormat, SourceChangedError
from vrdata.store.keys import key_problem

RANGES = "ranges:"
SHA256 = "sha256:"
_CHANGED_FIX = "restore the file, or begin a new run (metadata.name) or a new import (--output)"

Fetch = Callable[[int, int], Iterable[bytes]]
"""The bytes `[start, stop)` of a file, in pieces."""


def write_staged(file: PartFile, format: PartFormat, folder: Path, fetch: Fetch) -> None:  # noqa: A002
    """Write a file of a part to `folder/{name}`; the place of its ranges: see `PartFile`.

    Args:
        file: the file.
        format: of the part.
        folder: an existing folder.
        fetch: reads the file.

    Raises:
        SourceChangedError: the bytes do not have the pinned digest, or there are fewer.
        OSError: `folder` cannot be written.
        Exception: what `fetch` raises.
    """
    path = staged_path(folder, file.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with path.open("xb") as stream:
        for start, stop in file.ranges or ((0, file.size),):
            if format in IN_PLACE:
                stream.seek(start)
            missing = stop - start
            for piece in fetch(start, stop):
                digest.update(piece)
                stream.write(piece)
                missing -= len(piece)
            if missing:
                raise changed(file, f"bytes {start} to {stop} could not be read")
    kind = RANGES if file.ranges else SHA256
    if file.digest.startswith(kind) and file.digest != kind + digest.hexdigest():
        raise changed(file, f"its {kind.removesuffix(':')} digest is different")


def staged_path(folder: Path, name: str) -> Path:
    """Where a file is staged.

    Raises:
        InvalidInputError: the name could lead out of the folder.
    """
    problem = key_problem(name)
    if problem:
        raise InvalidInputError(f"{name!r} cannot be the name of an item", why=problem)
    return folder / name


def changed(file: PartFile, why: str) -> SourceChangedError:
    """The error for a file that is not the pinned one."""
    what = f"{file.name} has changed since the run began"
    return SourceChangedError(what, why=why, fix=_CHANGED_FIX)
