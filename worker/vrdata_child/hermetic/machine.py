"""Facts of the machine that a generator could write into content: constants instead.

Without this, the same sample would have other bytes on another machine, or say whose machine it
was generated on.
"""

from __future__ import annotations

import os
import platform
import pwd
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

HOST = "localhost"
USER = "vrdata"
# A fraction of it is still at least one worker, and a pool of this size fits into a small pod.
CPUS = 4
_USER_VARIABLES = ("USER", "LOGNAME", "LNAME", "USERNAME")


def install() -> None:
    """Replace the functions that read the names and sizes of the machine, in this process."""
    socket.gethostname = lambda: HOST
    socket.getfqdn = lambda name="": name or HOST
    os.uname = _uname(os.uname())
    platform._uname_cache = None  # type: ignore[attr-defined]  # noqa: SLF001 - it calls os.uname again
    os.getlogin = lambda: USER
    pwd.getpwuid = _account(pwd.getpwuid)
    os.cpu_count = lambda: CPUS
    os.sched_getaffinity = lambda _pid: set(range(CPUS))
    if hasattr(os, "process_cpu_count"):  # Python 3.13
        setattr(os, "process_cpu_count", lambda: CPUS)  # noqa: B010 - unknown to older versions
    os.environ.update(dict.fromkeys(_USER_VARIABLES, USER))


def hide_git(*folders: str) -> None:
    """Let git find no repository above these folders, and no settings of the machine.

    Source: git(1), GIT_CEILING_DIRECTORIES. The list contains all ancestors, because git always
    examines the folder that it is started in, even if that is a ceiling.
    """
    places = {
        str(place)
        for folder in folders
        if folder
        for start in (Path(folder), Path(folder).resolve())
        for place in start.parents
    }
    os.environ.update(
        GIT_CEILING_DIRECTORIES=":".join(sorted(places)),
        GIT_CONFIG_NOSYSTEM="1",
        GIT_CONFIG_GLOBAL=os.devnull,
    )


def _uname(real: os.uname_result) -> Callable[[], os.uname_result]:
    constant = os.uname_result((real.sysname, HOST, "6.1.0", "#1", real.machine))
    return lambda: constant


def _account(original: Callable[[Any], pwd.struct_passwd]) -> Callable[[Any], pwd.struct_passwd]:
    def getpwuid(uid: Any, /) -> pwd.struct_passwd:
        if uid != os.getuid():
            return original(uid)
        home = os.environ.get("HOME", "/")
        return pwd.struct_passwd((USER, "x", uid, os.getgid(), "", home, "/bin/sh"))

    return getpwuid
