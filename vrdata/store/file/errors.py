"""What an operating system's error means to the user of a folder."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vrdata.store.port import KeyConflictError, StorageError

_FIXES = {
    errno.ENOSPC: "free space on that disk, or choose another place; nothing half-written is left",
    errno.EDQUOT: "free space in your quota, or choose another place",
    errno.EROFS: "the disk is mounted read-only: choose another place",
    errno.EACCES: "check who may write there (ls -ld), or choose another place",
    errno.EPERM: "the disk must allow hard links and new files there, or choose another place",
    errno.EOPNOTSUPP: "the disk must allow hard links (ext4, xfs, NFS), or choose another place",
    errno.ENOTDIR: "a part of the path is a file: choose another place",
    errno.EEXIST: "a part of the path is a file: choose another place",
    errno.EISDIR: "a folder has the name of an object: choose another place",
    errno.ENAMETOOLONG: "choose a place with a shorter path",
    errno.EXDEV: "keep the whole output on one disk: no other disk may be mounted inside it",
    errno.EMFILE: "raise the limit of open files (ulimit -n)",
    errno.EIO: "the disk reports a fault: look at the system's log",
    errno.ESTALE: "the network disk went away: mount it again",
}

_CONFLICTS = {errno.ENOTDIR, errno.EEXIST, errno.EISDIR, errno.ENAMETOOLONG}


@contextmanager
def explained(doing: str, root: Path) -> Iterator[None]:
    """Turn an OSError into a StorageError that says what failed, why, and how to go on."""
    try:
        yield
    except OSError as error:
        raise file_error(error, doing, root) from error


def file_error(error: OSError, doing: str, root: Path) -> StorageError:
    """The StorageError for `error`, met while `doing` something in the store at `root`."""
    why = os.strerror(error.errno) if error.errno else str(error)
    if error.filename is not None:
        why = f"{os.fsdecode(error.filename)}: {why}"
    kind = KeyConflictError if error.errno in _CONFLICTS else StorageError
    return kind(f"cannot {doing} in {root}", why=why, fix=_FIXES.get(error.errno or 0, ""))
