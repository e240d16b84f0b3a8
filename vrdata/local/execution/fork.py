"""Start a worker as a fork of this process, which has imported already what a worker needs.

A new interpreter imports it again: about as much CPU time as one sample of many generators.
"""

from __future__ import annotations

import ctypes
import gc
import os
import select
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import IO, Protocol

NAME = "vrdata-worker"
"""Name of the process, because its command line is that of vrdata."""

_PR_SET_NAME = 15  # prctl(2)


class Process(Protocol):
    """What a worker needs of its process; subprocess.Popen has it, too."""

    pid: int
    stdin: IO[bytes] | None
    stdout: IO[bytes] | None

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, or the negative number of a signal. Threads can wait together."""

    def kill(self) -> None:
        """Send SIGKILL."""


def can_fork() -> bool:
    """Whether a fork is safe: a copy of a process with threads can have locks that stay locked."""
    return sys.platform == "linux" and threading.active_count() == 1


def fork(work: Callable[[], int], log: Path) -> Process:
    """Run `work` in a copy of this process, in a session of its own.

    Args:
        work: returns the exit code; it sees two pipes as standard input and output.
        log: file for its standard error.
    """
    task_end, stdin = os.pipe()
    stdout, message_end = os.pipe()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()  # else both processes write what is buffered
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            _become_worker(task_end, message_end, log)
            code = work()
        except BaseException:  # noqa: BLE001 - nothing of the copied process may run again
            traceback.print_exc()
        finally:
            _leave(code)
    os.close(task_end)
    os.close(message_end)
    return _Forked(pid, stdin, stdout)


class _Forked:
    def __init__(self, pid: int, stdin: int, stdout: int) -> None:
        self.pid = pid
        self.stdin: IO[bytes] | None = os.fdopen(stdin, "wb")
        self.stdout: IO[bytes] | None = os.fdopen(stdout, "rb")
        self._ended = os.pidfd_open(pid)
        self._lock = threading.Lock()
        self._code: int | None = None

    def wait(self, timeout: float | None = None) -> int:
        """See Process."""
        if not select.select([self._ended], [], [], timeout)[0]:
            raise subprocess.TimeoutExpired(NAME, timeout or 0)
        with self._lock:
            if self._code is None:
                self._code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self._code

    def kill(self) -> None:
        """See Process."""
        signal.pidfd_send_signal(self._ended, signal.SIGKILL)


def _become_worker(tasks: int, messages: int, log: Path) -> None:
    os.setsid()  # Ctrl-C in the terminal reaches the executor only
    ctypes.CDLL(None).prctl(_PR_SET_NAME, NAME.encode())
    gc.freeze()
    errors = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for number, fd in enumerate((tasks, messages, errors)):
        os.dup2(fd, number)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", errors="replace", closefd=False)
    # The copied objects may close their descriptors at any time: nothing else gets these numbers.
    null = os.open(os.devnull, os.O_RDWR)
    for entry in list(Path("/proc/self/fd").iterdir()):
        if (number := int(entry.name)) > 2 and number != null:
            os.dup2(null, number, inheritable=False)


def _leave(code: int) -> None:
    """End the process without the exit handlers of the copied one."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code)
