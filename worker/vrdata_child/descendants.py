"""End what a block started: helpers in sessions of their own, daemons, shared memory.

A process whose parent ends becomes a child of its nearest ancestor that is a subreaper
(prctl(2), PR_SET_CHILD_SUBREAPER). While a block runs, that is its own process, which therefore
sees its daemons as children; afterwards it is the template, which ends them.
"""

from __future__ import annotations

import _posixshmem  # type: ignore[import-not-found]  # multiprocessing.shared_memory uses it
import contextlib
import ctypes
import os
import signal
import stat
import time
from collections.abc import Collection
from pathlib import Path

END_SECONDS = 10.0
_NAMES = "shared-memory.txt"
_MAX_NOTED = 1024 * 1024  # bytes
_PR_SET_CHILD_SUBREAPER = 36  # prctl(2)
_monotonic = time.monotonic  # the clock of the process is replaced later
_sleep = time.sleep


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)


def end_orphans(known: Collection[int]) -> None:
    """Kill and reap every child of this process that is not in `known`, with its descendants.

    Each generation becomes visible when the previous one has ended. Waits at most END_SECONDS, for
    a process that the kernel cannot end.
    """
    deadline = _monotonic() + END_SECONDS
    while orphans := [pid for pid in children() if pid not in known and not _reaped(pid)]:
        for pid in orphans:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        if _monotonic() > deadline:
            return
        _sleep(0.001)


def _reaped(pid: int) -> bool:
    """Reap a child if it has ended."""
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:
        return True


def children() -> list[int]:
    """Process numbers of the children of this process, zombies included (proc(5))."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return []
    try:
        lists = [path.read_text() for path in Path("/proc/self/task").glob("*/children")]
    except OSError:
        lists = []
    if lists:
        return [int(pid) for pid in " ".join(lists).split()]
    return [int(entry.name) for entry in os.scandir("/proc") if _is_child(entry)]


def _is_child(entry: os.DirEntry[str]) -> bool:
    """Whether an entry of /proc is a child of this process; for kernels without `children`."""
    if not entry.name.isdigit():
        return False
    try:
        fields = Path(entry.path, "stat").read_text(errors="replace")
        return int(fields.rpartition(")")[2].split()[1]) == os.getpid()
    except (OSError, IndexError, ValueError):
        return False  # it has just ended


def record_shared_memory(folder: Path) -> None:
    """Write the names of the shared memory that this process creates to `folder`."""
    original = _posixshmem.shm_open

    def shm_open(path: str, flags: int, mode: int = 0o777) -> int:
        descriptor: int = original(path, flags, mode=mode)
        if flags & os.O_CREAT:
            with (folder / _NAMES).open("a") as names:
                names.write(f"{path}\n")
        return descriptor

    setattr(_posixshmem, "shm_open", shm_open)  # noqa: B010 - mypy compares signatures


def remove_shared_memory(folder: Path) -> None:
    """Remove the shared memory that was noted in `folder` and still exists."""
    for name in _noted(folder / _NAMES).decode("utf-8", "replace").splitlines():
        with contextlib.suppress(OSError, ValueError):
            _posixshmem.shm_unlink(name)


def _noted(path: Path) -> bytes:
    """The start of a regular file; a block can write anything to it."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return b""
    try:
        return os.read(handle, _MAX_NOTED) if stat.S_ISREG(os.fstat(handle).st_mode) else b""
    except OSError:
        return b""
    finally:
        os.close(handle)
