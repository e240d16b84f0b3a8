"""Keep other processes of the same user from reading this process."""

from __future__ import annotations

import ctypes
import resource
import sys

_PR_SET_DUMPABLE = 4  # prctl(2)


def close_process() -> None:
    """Let other processes of the same user neither read nor trace this one; write no core files.

    On Linux, the kernel then refuses them `/proc/PID/environ`, `mem`, `maps`, `fd`, `root` and
    `cwd`, and ptrace (ptrace(2), "Ptrace access mode checking"); only a process with CAP_SYS_PTRACE
    is not refused. This does not apply to programs that this process starts. On other systems, only
    core files are turned off.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
