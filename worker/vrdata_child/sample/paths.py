"""Remove the paths of this machine from content; the same sample has equal bytes elsewhere.

In texts and JSON, a path becomes `.`; in another file, where a replacement would damage the
format, it makes the sample invalid.
"""

from __future__ import annotations

import mmap
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from vrdata_child.sample.invalid import SampleInvalidError
from vrdata_child.sample.texts import without_paths

# Interpreters in these places are at the same path on many machines, and texts mention them.
_COMMON = frozenset({"/", "/usr", "/usr/local", "/opt"})


def machine_paths(folder: Path, root: str) -> tuple[str, ...]:
    """The paths that a generator can learn and that differ between machines, longest first.

    Args:
        folder: the block's private folder.
        root: the generator's folder, or "".
    """
    found = {str(folder), sys.prefix, sys.base_prefix, os.environ.get("PATH", "")}
    found |= {root, os.path.realpath(root)} if root else set()
    if packages := os.environ.get("PYTHONPATH"):
        found.add(str(Path(packages).parent))
    return tuple(sorted(found - _COMMON - {""}, key=lambda path: (-len(path), path)))


def clean_file(file: Path, paths: Sequence[str]) -> None:
    """Remove the paths from a file of an unknown format, if it is a text.

    Raises:
        SampleInvalidError: it is not a text, and contains one.
    """
    if not (found := _first_path(file, paths)):
        return
    body = file.read_bytes()
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise SampleInvalidError(
            "UnsafeFile",
            f"{file.name} contains {found}, a path of the machine that generated it, so its bytes"
            " would differ elsewhere; write a relative path",
        )
    file.write_bytes(without_paths(text, paths).encode())


def _first_path(file: Path, paths: Sequence[str]) -> str:
    if not file.stat().st_size:
        return ""
    with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as body:
        return next((path for path in paths if body.find(os.fsencode(path)) >= 0), "")
