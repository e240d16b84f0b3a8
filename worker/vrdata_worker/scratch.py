"""Scratch folders: private to one process, and removed after processes that were killed.

Beside each folder lies a lock file that its process holds locked (flock(2)) as long as it lives,
so that a folder whose lock is free belongs to nobody. A lock that a file system shared by several
machines does not pass on could seem free: the names hold the machine, and others' are left alone.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vrdata.store.port import StorageError

_LOCK = ".lock"
_ATTEMPTS = 20  # each lost one means that another process cleaned up in the same instant


def default_root() -> Path:
    """The folder that holds the scratch folders of this user's processes."""
    return Path(tempfile.gettempdir()) / f"vrdata-{os.getuid()}"


def root_of(chosen: str) -> Path:
    """The folder that holds scratch folders: the one of `--scratch`, else the default."""
    return Path(chosen) if chosen else default_root()


@contextmanager
def scratch_folder(root: Path) -> Iterator[Path]:
    """A new private folder below `root`, removed at the end.

    Folders of this machine's processes that no longer exist are removed first.

    Raises:
        StorageError: the folder cannot be made.
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
            fix="name a folder with free space, on a disk that knows locks: --scratch DIR",
        ) from None
    try:
        yield folder
    finally:
        _remove(lock)
        os.close(handle)


def machine() -> str:
    """Short name of this machine, the same after a restart, for names of scratch folders."""
    try:
        known = Path("/etc/machine-id").read_text()  # machine-id(5)
    except OSError:
        known = ""
    return hashlib.sha256(f"{socket.gethostname()}\n{known}".encode()).hexdigest()[:12]


def _refuse_foreign(root: Path) -> None:
    """Anybody may make the default root first, and could then change what lies in it."""
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
        if lock.exists():  # no sweep came between the two calls
            return lock, handle
        os.close(handle)
    raise OSError("its lock files are removed as soon as they are made")


def _sweep(root: Path) -> None:
    for lock in root.glob(f"vrdata-{machine()}-*{_LOCK}"):
        try:
            with lock.open("r+b") as stream:  # NFS locks only what is open for writing
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _remove(lock)
        except OSError:  # held, or another process sweeps, or it is another user's
            continue


def _remove(lock: Path) -> None:
    """Remove a folder and then its lock file; the lock stays while something of the folder does."""
    folder = lock.with_suffix("")
    shutil.rmtree(folder, ignore_errors=True)
    if not folder.exists():
        lock.unlink(missing_ok=True)
