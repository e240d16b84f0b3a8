"""Folders of a store: real ones, created and synced."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_PATH_ONLY = getattr(os, "O_PATH", 0)  # 0 on systems other than Linux


def is_taken(path: Path) -> bool:
    """Whether a file has this name. Raises IsADirectoryError: a folder has it."""
    try:
        mode = path.lstat().st_mode
    except OSError:
        return False
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    return True


def is_real(folder: Path) -> bool:
    """Whether no part of an absolute path is a symbolic link; parts may be missing."""
    if _PATH_ONLY:
        with suppress(OSError):  # the kernel's answer takes 3 calls instead of one for each part
            number = os.open(folder, _PATH_ONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                if Path(f"/proc/self/fd/{number}").readlink() == folder:
                    return True
            finally:
                os.close(number)
        if folder != folder.parent and not os.path.lexists(folder):
            return is_real(folder.parent)
    return os.path.realpath(folder) == str(folder)


def create_folders(folder: Path) -> set[Path]:
    """Create a folder and its missing parents; returns the folders to sync."""
    if folder.is_dir():
        return set()
    changed = create_folders(folder.parent)
    folder.mkdir(exist_ok=True)
    return {*changed, folder.parent}


def sync_folders(folders: Iterable[Path]) -> None:
    """Make new and removed names in folders durable. Raises OSError."""
    for folder in folders:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
