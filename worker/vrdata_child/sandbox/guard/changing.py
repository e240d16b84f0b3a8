"""Change the mode, the times and the length of files on behalf of a block, its own files only.

Landlock does not restrict these calls, and a filter cannot read a path. The guard reads it, opens
the file, checks where it is, and changes exactly that file.
"""

from __future__ import annotations

import ctypes
import errno
import os
import re
import stat
import struct
from collections.abc import Sequence
from pathlib import Path

from vrdata_child.sandbox import seccomp
from vrdata_child.sandbox.calls import call
from vrdata_child.sandbox.guard.connecting import RefusedError, read_memory, seen_by
from vrdata_child.sandbox.places import SHARED_MEMORY
from vrdata_child.sandbox.seccomp import Call

_AT_FDCWD, _SYMLINK_NOFOLLOW, _EMPTY_PATH = -100, 0x100, 0x1000  # openat(2)
_PERMISSIONS = 0o1777  # no file changes its user by being run
_PAGE, _PATH_MAX = 4096, 4096
_SECOND_US = 1_000_000
# Arguments of each call: the folder, the path, its flags; None = it has none.
_PLACES: dict[str, tuple[int | None, int | None, int | None]] = {
    "chmod": (None, 0, None),
    "fchmod": (0, None, None),
    "fchmodat": (0, 1, None),
    "fchmodat2": (0, 1, 3),
    "utime": (None, 0, None),
    "utimes": (None, 0, None),
    "futimesat": (0, 1, None),
    "utimensat": (0, 1, 3),
    "truncate": (None, 0, None),
}
_MODES = {"chmod": 1, "fchmod": 1, "fchmodat": 2, "fchmodat2": 2}
_TIMES = {"utime": 1, "utimes": 1, "futimesat": 2, "utimensat": 2}


def change(listener: int, asked: Call, name: str, folders: Sequence[str]) -> None:
    """Make a call of a thread of the sandbox.

    Args:
        listener: of the guard.
        asked: the call.
        name: of the call.
        folders: that its block writes to; real paths.

    Raises:
        RefusedError: the file is outside of them.
        OSError: the call fails.
    """
    arguments = asked.arguments
    times = _times(asked.task, name, arguments)
    target, is_own = _open(asked.task, name, arguments)
    try:
        if not seccomp.is_waiting(listener, asked):
            return
        file = f"/proc/self/fd/{target}"
        if name in _MODES and _has_mode(file, arguments[_MODES[name]]):
            return  # a library makes sure that its program can be run
        _check(target, folders, is_own=is_own)
        if name in _MODES:
            Path(file).chmod(arguments[_MODES[name]] & _PERMISSIONS)
        elif name == "truncate":
            os.truncate(file, ctypes.c_long(arguments[1]).value)
        else:
            place = ctypes.create_string_buffer(file.encode())
            call("utimensat", _AT_FDCWD, place, times, 0)
    finally:
        os.close(target)


def _open(task: int, name: str, arguments: Sequence[int]) -> tuple[int, bool]:
    """A descriptor of the file, without rights; whether the thread has it open, too."""
    base, place, flags = _PLACES[name]
    folder = _AT_FDCWD if base is None else ctypes.c_int(arguments[base]).value
    options = 0 if flags is None else arguments[flags]
    path = b"" if place is None or not arguments[place] else _path(task, arguments[place])
    if not path and place is not None and arguments[place] and not options & _EMPTY_PATH:
        raise FileNotFoundError(errno.ENOENT, "an empty path")
    start = f"/proc/{task}/cwd" if folder == _AT_FDCWD else f"/proc/{task}/fd/{folder}"
    own = seen_by(task, path)
    full = own if own[:1] == b"/" else b"/".join(filter(None, (os.fsencode(start), own)))
    follow = os.O_NOFOLLOW if path and options & _SYMLINK_NOFOLLOW else 0
    try:
        target = os.open(full, os.O_PATH | os.O_CLOEXEC | follow)
    except FileNotFoundError:
        raise OSError(errno.ENOENT if path else errno.EBADF, "no such file") from None
    return target, not path or re.fullmatch(rb"/proc/%d/fd/\d+" % task, full) is not None


def _check(target: int, folders: Sequence[str], *, is_own: bool) -> None:
    """Whether a file is the block's own: in its folders, or without a path and open in the block.

    Through /proc, a path can lead to the pipes and memory files of every process.
    """
    real = str(Path(f"/proc/self/fd/{target}").readlink())
    if real.startswith("/memfd:") or not real.startswith("/"):
        if is_own:
            return
        raise RefusedError(errno.EACCES)
    # The folders are real paths; by now, one of them can be a link to somewhere else.
    if not any(f"{real}/".startswith(f"{folder}/") for folder in (*folders, SHARED_MEMORY)):
        raise RefusedError(errno.EACCES)


def _has_mode(file: str, mode: int) -> bool:
    return stat.S_IMODE(Path(file).stat().st_mode) == mode & 0o7777


def _path(task: int, pointer: int) -> bytes:
    """A path in the memory of a thread; it can end at the end of a page."""
    body = b""
    while b"\0" not in body and len(body) < _PATH_MAX:
        part = read_memory(task, pointer + len(body), _PAGE - (pointer + len(body)) % _PAGE)
        if not part:
            raise OSError(errno.EFAULT, "not in memory")
        body += part
    path, end, _ = body.partition(b"\0")
    if not end:
        raise OSError(errno.ENAMETOOLONG, "a path without end")
    return path


def _times(task: int, name: str, arguments: Sequence[int]) -> ctypes.Array[ctypes.c_char] | None:
    """The new times as two `struct timespec`; None = now."""
    pointer = arguments[_TIMES[name]] if name in _TIMES else 0
    if not pointer:
        return None
    form = struct.Struct("=2q" if name == "utime" else "=4q")
    read = read_memory(task, pointer, form.size)
    if len(read) < form.size:
        raise OSError(errno.EFAULT, "not in memory")
    values = form.unpack(read)
    if name == "utime":
        values = (values[0], 0, values[1], 0)
    elif name != "utimensat":  # microseconds
        if not all(0 <= part < _SECOND_US for part in values[1::2]):
            raise OSError(errno.EINVAL, "not a time")
        values = (values[0], values[1] * 1000, values[2], values[3] * 1000)
    return ctypes.create_string_buffer(struct.pack("=4q", *values), 32)
