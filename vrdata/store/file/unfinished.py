"""A file without its final name: others see it whole, or not at all.

Where the disk allows it (`O_TMPFILE`: ext4, xfs, btrfs, tmpfs), such a file has no name, so nothing
remains of a writer that is killed. Elsewhere (NFS, FUSE) it has a name in the hidden folder
`.vrdata-tmp`, which the last writer removes.
"""

from __future__ import annotations

import io
import os
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Self

from vrdata.store.keys import TEMPORARY

LEFTOVER_SECONDS = 3600.0
"""An unfinished write that has not changed for this long belongs to a killed writer."""

FOLDER_ATTEMPTS = 1000
"""Attempts to create a file in a folder that other writers remove when it is empty."""

NAMELESS = getattr(os, "O_TMPFILE", 0)  # 0 on systems other than Linux


class Unfinished:
    """A file that is written, and then gets its name; a context manager.

    Args:
        root: an existing folder, on the disk of the final name.

    Attributes:
        stream: to write to.

    Raises:
        OSError: the file cannot be created. FileNotFoundError: there is no such folder.
    """

    def __init__(self, root: Path) -> None:
        self._path: Path | None = None
        stream = _nameless(root)
        if stream is None:
            self._path = root / TEMPORARY / uuid.uuid4().hex
            stream = _named(self._path)
        self.stream = stream

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Remove the file, unless it got a name."""
        try:
            self.stream.close()
        finally:
            if self._path is not None:
                self._path.unlink(missing_ok=True)
                with suppress(OSError):  # other writers use the folder
                    self._path.parent.rmdir()

    def link(self, final: Path) -> None:
        """Give the file its name. Raises OSError; FileExistsError: the name is taken."""
        if self._path is not None:
            os.link(self._path, final, follow_symlinks=False)
            return
        # Only with a descriptor does Python call linkat(2), which can follow the kernel's link.
        number = self.stream.fileno()
        os.link(f"/proc/self/fd/{number}", final, src_dir_fd=number, follow_symlinks=True)


def remove_leftovers(root: Path, now: float) -> None:
    """Delete the leftovers of killed writers, and their folder; `now` is the disk's own clock."""
    try:
        leftovers = list((root / TEMPORARY).iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return
    for path in leftovers:
        with suppress(FileNotFoundError):  # its writer or another process deleted it
            if now - path.stat().st_mtime > LEFTOVER_SECONDS:
                path.unlink()
    with suppress(OSError):  # other writers use the folder
        (root / TEMPORARY).rmdir()


def _nameless(root: Path) -> io.BufferedWriter | None:
    """A file without a name; None if the system or the disk has none."""
    if not NAMELESS:
        return None
    try:
        number = os.open(root, NAMELESS | os.O_WRONLY | os.O_CLOEXEC, 0o666)
    except (FileNotFoundError, NotADirectoryError):
        raise
    except OSError:  # disks without such files answer in several ways; all others fail again
        return None
    if not os.path.lexists(f"/proc/self/fd/{number}"):
        os.close(number)
        return None
    return os.fdopen(number, "wb")


def _named(path: Path) -> io.BufferedWriter:
    """A new file in the folder of unfinished writes, which another writer may just remove."""
    for _ in range(FOLDER_ATTEMPTS):
        with suppress(FileExistsError):
            path.parent.mkdir()
        with suppress(FileNotFoundError):
            return path.open("xb")
        if not path.parent.parent.is_dir():
            break
    return path.open("xb")
