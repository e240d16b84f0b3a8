"""Name the limit of a block that an error of the generator comes from."""

from __future__ import annotations

import errno
import resource
import signal
import subprocess

_FILE_SIZE = {-signal.SIGXFSZ, 128 + signal.SIGXFSZ}  # of a program, and of a shell that ran it


_reached: list[int] = []  # the soft limit of open files, before it was raised


def allow_more_files() -> None:
    """Let this process open more files after its generator has reached the limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    _reached.append(soft)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def limit_of(error: BaseException) -> str:
    """What to add to the message of an error, or "" when it comes from no limit."""
    if isinstance(error, subprocess.CalledProcessError) and error.returncode in _FILE_SIZE:
        return _file_size()
    match error.errno if isinstance(error, OSError) else None:
        case errno.EMFILE:
            files = next(iter(_reached), resource.getrlimit(resource.RLIMIT_NOFILE)[0])
            return f"; a process of a generator can have at most {files} open files"
        case errno.EFBIG:
            return _file_size()
        case _:
            return ""


def _file_size() -> str:
    size = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
    return f"; a file of a generator can have at most {size / 2**30:g} GiB"
