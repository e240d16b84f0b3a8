"""Remove the paths of this machine from content; the same sample has equal bytes elsewhere.

In texts and JSON, a path becomes `.`; in another file, where a replacement would damage the
format, it makes the sample invalid.
"""

from __future__ import annotations

import mmap
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from vrdata_child import own_folder
from vrdata_child.sample.invalid import SampleInvalidError
from vrdata_child.sample.texts import without_paths

# Interpreters in these places are at the same path on many machines, and texts mention them.
_COMMON = frozenset({"/", "/usr", "/usr/local", "/opt"})
# Read at the start: a generator may set these variables to any text.
_PACKAGES = os.environ.get("PYTHONPATH", "")
_OF_PROCESS = frozenset(
    {
        *(sys.prefix, sys.base_prefix, os.environ.get("PATH", "")),
        *([str(Path(_PACKAGES).parent)] if _PACKAGES else []),
    }
)
# A path of a few bytes occurs in compressed data by chance; with a name after it, it does not.
_AFTER_SHORT = rb"/[!-~]{4}"
WINDOW = 16 * 2**20
"""Bytes of a file that are in memory at the same time."""

_OVERLAP = 8192  # more than a path has


def machine_paths(folder: Path, *others: str) -> tuple[str, ...]:
    """The paths that a generator can learn and that differ between machines, longest first.

    Args:
        folder: the block's private folder.
        others: the generator's folder and that of its items, or "".
    """
    found = {str(folder), own_folder.PATH, *_OF_PROCESS}
    for other in filter(None, others):
        found |= {other, os.path.realpath(other)}
    return tuple(sorted(found - _COMMON - {""}, key=lambda path: (-len(path), path)))


def clean_file(file: Path, paths: Sequence[str]) -> None:
    """Remove the paths from a file of an unknown format, if it is a text.

    Raises:
        SampleInvalidError: it is not a text, and contains one.
    """
    if not (found := _first_path(file, paths, rb"")):
        return
    body = file.read_bytes()
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        if not (found := _first_path(file, paths, _AFTER_SHORT)):
            return
        raise SampleInvalidError(
            "UnsafeFile",
            f"{file.name} contains {found}, a path of the machine that generated it, so its bytes"
            " would differ elsewhere; write a relative path",
        )
    file.write_bytes(without_paths(text, paths).encode())


def _first_path(file: Path, paths: Sequence[str], after_short: bytes) -> str:
    """The first path that a file contains; `after_short` follows a path of one name."""
    size = file.stat().st_size
    if not size:
        return ""
    found: set[str] = set()
    with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as body:
        for start in range(0, size, WINDOW):
            part = _Part(body, start, min(size, start + WINDOW + _OVERLAP))
            found.update(one for one in paths if _contains(part, one, after_short))
            # What was read counts as memory of this process until it is given back.
            body.madvise(mmap.MADV_DONTNEED, start, min(WINDOW, size - start))
    return next((one for one in paths if one in found), "")


class _Part(NamedTuple):
    body: mmap.mmap
    start: int
    stop: int


def _contains(part: _Part, path: str, after_short: bytes) -> bool:
    given = os.fsencode(path)
    if part.body.find(given, part.start, part.stop) < 0:
        return False
    if path.count("/") > 1:
        return True
    pattern = re.compile(re.escape(given) + after_short)
    return pattern.search(part.body, part.start, part.stop) is not None
