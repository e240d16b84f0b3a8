"""Lock files between processes (flock(2)): the kernel releases them when a process is killed."""

from __future__ import annotations

import fcntl
import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from vrdata.store.patient import pause
from vrdata_worker.staging.fetch import require_wanted

SHARED, EXCLUSIVE = fcntl.LOCK_SH, fcntl.LOCK_EX
PAUSE_SECONDS = 0.1


def open_lock(path: Path) -> int:
    """A descriptor of a lock file, which is created if it is missing. Raises OSError."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def try_lock(handle: int, kind: int) -> bool:
    """Lock a file, or change its lock, if no other process prevents it.

    Args:
        handle: of the lock file. A lock that it has is lost if the answer is no.
        kind: SHARED or EXCLUSIVE.

    Raises:
        OSError: the file system has no locks.
    """
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def locked(path: Path, stopped: Callable[[], bool]) -> Iterator[None]:
    """Hold a lock file for a moment; waits for other processes.

    Args:
        path: of the lock file.
        stopped: whether to wait no longer.

    Raises:
        ShardFailedError: it is `stopped`.
        OSError: the file cannot be locked.
    """
    handle = open_lock(path)
    try:
        while not try_lock(handle, EXCLUSIVE):
            wait_turn(stopped)
        yield
    finally:
        os.close(handle)


def wait_turn(stopped: Callable[[], bool]) -> None:
    """Pause before the next attempt to get a lock. Raises ShardFailedError when `stopped`."""
    require_wanted(stopped)
    pause(PAUSE_SECONDS * random.uniform(0.5, 1.5), stopped)  # noqa: S311 - no secret
