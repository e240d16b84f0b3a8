"""Read a file that an untrusted generator process wrote and may still be changing."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from vrdata.errors import VrdataError

CHUNK = 1024 * 1024
_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


class FileChangedError(VrdataError):
    """A file's bytes differ from what the child reported."""


def read_exactly(path: Path, size: int) -> Iterator[bytes]:
    """A regular file's bytes, a MiB at a time; never follows a link or waits for a pipe.

    Args:
        path: the file.
        size: its reported size in bytes.

    Raises:
        FileChangedError: it is not a regular file, or has another size.
    """
    try:
        handle = os.open(path, _FLAGS)
    except OSError as error:
        raise changed(path.name, f"it cannot be opened: {error.strerror}") from None
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise changed(path.name, "it is not a regular file")
        left = size
        while left and (chunk := os.read(handle, min(CHUNK, left))):
            left -= len(chunk)
            yield chunk
        if left or os.read(handle, 1):
            raise changed(path.name, f"it does not have the {size} bytes that were reported")
    finally:
        os.close(handle)


def changed(name: str, why: str) -> FileChangedError:
    """The error for a file that changed after the child checked it."""
    return FileChangedError(
        f"{name} changed after it was checked",
        why=why,
        fix="a process of the generator is still writing, or the disk is damaged",
    )
