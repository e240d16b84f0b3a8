"""Scratch folders: private to one process; those of killed processes are removed.

Each folder has a lock file, which its process keeps locked (flock(2)) until it ends: a folder whose
lock is free is stale. A shared file system may not show the locks of other machines, so names
contain the machine, and each machine removes only its own folders.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vrdata.store.port import StorageError
from vrdata_worker.untrusted.folders import remove

_LOCK = ".lock"
_ATTEMPTS = 20  # one fails only when another process removes stale folders at the same moment


def default_root() -> Path:
    """The folder that holds the scratch folders of this user's processes."""
    return Path(tempfile.gettempdir()) / f"vrdata-{os.getuid()}"


def root_of(chosen: str) -> Path:
    """The folder that holds scratch folders: the one of `--scratch`, else the default."""
    return Path(chosen) if chosen else default_root()


@contextmanager
def scratch_folder(root: Path) -> Iterator[Path]:
    """A new private folder below `root`, removed at the end.

    Stale folders of this machine are removed first.

    Raises:
        StorageError: the folder cannot be created.
    """
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        _refuse_foreign(root)
        _sweep(root)
        lock, handle = _new_lock(root)
        folder = lock.with_suffix("")
        folder.mkdir(mode=0o700)
    except OSError as error:
        raise StorageError(
            f"the scratch folder {root} cannot be used",
            why=error.strerror or str(error),
            fix="use a folder with free space, on a file system with locks: --scratch DIR",
        ) from None
    try:
        yield folder
    finally:
        _remove(lock)
        os.close(handle)


def remove_except(folder: Path, kept: str) -> None:
    """Remove what is in a folder, except one entry."""
    for entry in list(folder.resolve().iterdir()):
        if entry.name != kept:
            remove(entry)


def machine() -> str:
    """Short name of this machine, the same after a restart, for names of scratch folders."""
    try:
        known = Path("/etc/machine-id").read_text()  # machine-id(5)
    except OSError:
        known = ""
    return hashlib.sha256(f"{socket.gethostname()}\n{known}".encode()).hexdigest()[:12]


def _refuse_foreign(root: Path) -> None:
    """Refuse a default root that another user created: he could change its contents."""
    if root == default_root() and root.lstat().st_uid != os.getuid():
        raise PermissionError(errno.EPERM, "it belongs to another user")


def _new_lock(root: Path) -> tuple[Path, int]:
    for _ in range(_ATTEMPTS):
        handle, name = tempfile.mkstemp(prefix=f"vrdata-{machine()}-", suffix=_LOCK, dir=root)
        lock = Path(name)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
        except OSError:
            os.close(handle)
            lock.unlink()
            raise
        if lock.exists():  # no other process removed it between the two calls
            return lock, handle
        os.close(handle)
    raise OSError("another process removes its lock files immediately")


def _sweep(root: Path) -> None:
    for lock in root.glob(f"vrdata-{machine()}-*{_LOCK}"):
        try:
            with lock.open("r+b") as stream:  # NFS locks only files that are open for writing
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _remove(lock)
        except OSError:  # locked by its process or by another sweep, or of another user
            continue


def _remove(lock: Path) -> None:
    """Remove a folder and then its lock file, which stays if the folder cannot be removed."""
    folder = lock.with_suffix("")
    remove(folder.parent.resolve() / folder.name)
    if not folder.exists():
        lock.unlink(missing_ok=True)
