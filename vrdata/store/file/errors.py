"""Explain operating system errors to the user of a folder."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vrdata.store.port import KeyConflictError, StorageError, StoreUnreachableError

_FIXES = {
    errno.ENOSPC: "free space on that disk, or choose another folder; no partial files remain",
    errno.EDQUOT: "free space in your quota, or choose another folder",
    errno.EROFS: "the disk is mounted read-only: choose another folder",
    errno.EACCES: "check the permissions (ls -ld), or choose another folder",
    errno.EPERM: "the disk must allow hard links and new files there, or choose another folder",
    errno.EOPNOTSUPP: "the disk must allow hard links (ext4, xfs, NFS), or choose another folder",
    errno.ENOTDIR: "a part of the path is a file: choose another folder",
    errno.EEXIST: "a part of the path is a file: choose another folder",
    errno.EISDIR: "a folder has the name of an object: choose another folder",
    errno.ENAMETOOLONG: "choose a folder with a shorter path",
    errno.EXDEV: "keep the whole output on one disk: unmount other disks inside it",
    errno.EMFILE: "raise the limit of open files (ulimit -n)",
    errno.EIO: "the disk reports an error: check the system log",
    errno.ESTALE: "the network disk is gone: mount it again",
}

# A network disk whose server does not answer.
_UNREACHABLE = {
    errno.ESTALE,
    errno.ETIMEDOUT,
    errno.ENOTCONN,
    errno.EHOSTDOWN,
    errno.EHOSTUNREACH,
    errno.ENETUNREACH,
    errno.ECONNREFUSED,
    errno.ECONNRESET,
    errno.ECONNABORTED,
}
_CONFLICTS = {errno.ENOTDIR, errno.EEXIST, errno.EISDIR, errno.ENAMETOOLONG}


@contextmanager
def explained(doing: str, root: Path) -> Iterator[None]:
    """Turn an OSError into a StorageError with what failed, why, and the fix."""
    try:
        yield
    except OSError as error:
        raise file_error(error, doing, root) from error


def file_error(error: OSError, doing: str, root: Path) -> StorageError:
    """The StorageError for an `error` that interrupted `doing` in the store at `root`."""
    why = os.strerror(error.errno) if error.errno else str(error)
    if error.filename is not None:
        why = f"{os.fsdecode(error.filename)}: {why}"
    kind = StorageError
    if error.errno in _CONFLICTS:
        kind = KeyConflictError
    elif error.errno in _UNREACHABLE:
        kind = StoreUnreachableError
    return kind(f"cannot {doing} in {root}", why=why, fix=_FIXES.get(error.errno or 0, ""))
