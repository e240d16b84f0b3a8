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
import weakref
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import IO, NoReturn, Protocol

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
    """Whether a fork is safe and can be waited for.

    A copy of a process with threads, also of libraries, can have locks that stay locked.
    """
    if sys.platform != "linux" or threading.active_count() != 1:
        return False
    try:
        os.close(os.pidfd_open(os.getpid()))  # Linux 5.3, and not every sandbox
        return len(list(Path("/proc/self/task").iterdir())) == 1
    except OSError:
        return False


def fork(work: Callable[[], int], log: Path) -> Process:
    """Run `work` in a copy of this process, in a session of its own.

    Args:
        work: returns the exit code; it sees two pipes as standard input and output.
        log: file for its standard error.

    Raises:
        OSError: no process can be started.
    """
    tasks, stdin = os.pipe()
    stdout, messages = os.pipe()
    # In the copy, a handler of this process must not raise through the copied calls.
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        pid = os.fork()
        if pid == 0:
            _run(work, tasks, messages, log, mask)
    except OSError:
        os.close(stdin)
        os.close(stdout)
        raise
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        os.close(tasks)
        os.close(messages)
    return _Forked(pid, stdin, stdout)


class _Forked:
    def __init__(self, pid: int, stdin: int, stdout: int) -> None:
        self.pid = pid
        self.stdin: IO[bytes] | None = os.fdopen(stdin, "wb")
        self.stdout: IO[bytes] | None = os.fdopen(stdout, "rb")
        self._ended = os.pidfd_open(pid)
        weakref.finalize(self, os.close, self._ended)
        self._lock = threading.Lock()
        self._code: int | None = None

    def wait(self, timeout: float | None = None) -> int:
        """See Process."""
        poller = select.poll()
        poller.register(self._ended, select.POLLIN)
        if not poller.poll(None if timeout is None else timeout * 1000):
            raise subprocess.TimeoutExpired(NAME, timeout or 0)
        with self._lock:
            if self._code is None:
                self._code = _exit_code(self.pid)
        return self._code

    def kill(self) -> None:
        """See Process."""
        with suppress(ProcessLookupError):  # it has ended
            signal.pidfd_send_signal(self._ended, signal.SIGKILL)


def _exit_code(pid: int) -> int:
    try:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    except ChildProcessError:  # this process was started with SIGCHLD ignored: nobody knows
        return 0


def _run(
    work: Callable[[], int], tasks: int, messages: int, log: Path, mask: Iterable[int]
) -> NoReturn:
    """Be the worker. Whatever happens, nothing of the copied process runs again."""
    code = 1
    try:
        copied = sys.stdin, sys.stdout, sys.stderr  # kept: an object that goes closes its file
        try:
            _become_worker(tasks, messages, log)
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            code = work()
        except BaseException:  # noqa: BLE001 - the process ends
            traceback.print_exc()
        sys.stdout.flush()
        sys.stderr.flush()
        del copied
    finally:
        os._exit(code)  # without the exit handlers of the copied process


def _become_worker(tasks: int, messages: int, log: Path) -> None:
    os.setsid()  # Ctrl-C in the terminal reaches the executor only
    ctypes.CDLL(None).prctl(_PR_SET_NAME, NAME.encode())
    _forget_handlers()
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


def _forget_handlers() -> None:
    """Handle signals as a new interpreter does."""
    signal.set_wakeup_fd(-1)
    for number in signal.valid_signals():
        if callable(signal.getsignal(number)):
            signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the executor decides, by SIGTERM
