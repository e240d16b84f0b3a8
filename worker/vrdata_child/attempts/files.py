"""Find out whether Landlock refuses a file to Python code.

The kernel does not report it, so paths are compared before the call. Most paths are below an
allowed folder; links are followed only for the others.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable
from pathlib import PurePath

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
# Files that the kernel shows only to those who could trace the process (proc(5)).
_OF_A_PROCESS = re.compile(
    r"/proc/(\d+)(?:/task/\d+)?/(?:auxv|cwd|environ|exe|fd|fdinfo|io|map_files|maps|mem|mounts"
    r"|mountinfo|mountstats|ns|numa_maps|pagemap|personality|root|smaps|smaps_rollup|stack"
    r"|syscall)\b"
)
CHANGE = "change a file outside of its folder"
# Event: what is tried, index of the path in the arguments, of its folder's descriptor.
_CREATED = {
    "os.mkdir": ("create", 0, 2),
    "os.symlink": ("create", 1, 2),
}
_CHANGED = {
    "os.link": ("link to", 0, 2),
    "os.remove": ("remove", 0, 1),
    "os.rename": ("rename", 0, 2),
    "os.rmdir": ("remove", 0, 1),
}
# These change an entry of a folder: not what it links to.
_ENTRIES = frozenset({"os.remove", "os.rename", "os.rmdir"})
# The guard makes these calls, so they are refused before it is asked.
_ATTRIBUTES = {
    "os.chmod": (CHANGE, 0, 2),
    "os.truncate": (CHANGE, 0, None),
    "os.utime": (CHANGE, 0, 3),
}
_READ = {
    "ctypes.dlopen": ("load", 0, None),
    "os.listdir": ("list", 0, None),
    "os.scandir": ("list", 0, None),
}
_OTHERS = {**_CREATED, **_CHANGED, **_ATTRIBUTES, **_READ}
EVENTS = frozenset({"open", "sqlite3.connect", *_OTHERS})


class Files:
    """The files that a process can use.

    Args:
        readable: files and folders.
        writable: files and folders.
    """

    def __init__(self, readable: Iterable[str], writable: Iterable[str]) -> None:
        self._read = _prefixes(readable)
        self._write = _prefixes(writable)
        self._linked: tuple[str, ...] = ()
        self._has_own_links = False

    def allow(self, folder: str, linked: str = "") -> None:
        """Allow everything in a folder.

        Args:
            folder: it can be read and written.
            linked: a folder in it with links to files that cannot be written, or "".
        """
        self._write += _prefixes([folder])
        self._linked = _prefixes([linked] if linked else [])

    def refused(self, event: str, args: tuple[object, ...]) -> str:
        """What an audit event attempts and is refused, as in "read /etc/shadow"; "" = nothing."""
        if event == "open":
            flags = args[2]
            write = isinstance(flags, int) and bool(flags & _WRITES)
            creates = isinstance(flags, int) and bool(flags & os.O_CREAT)
            return self._tried("write" if write else "read", args[0], write=write, new=creates)
        if event == "sqlite3.connect":
            return self._tried("write", args[0], write=True, new=True)
        self._has_own_links |= event == "os.symlink"
        verb, path, folder = _OTHERS[event]
        if folder is not None and args[folder] not in (-1, None):
            return ""  # relative to a descriptor
        if event == "os.chmod" and _has_mode(args):
            return ""  # it changes nothing
        if event in _CREATED and os.path.lexists(_text(args[path])):
            return ""  # it fails because it exists
        write, new, follow = event not in _READ, event in _CREATED, event not in _ENTRIES
        tried = self._tried(verb, args[path], write=write, new=new, follow=follow)
        return CHANGE if tried and event in _ATTRIBUTES else tried

    def _tried(
        self, verb: str, target: object, *, write: bool, new: bool, follow: bool = True
    ) -> str:
        path = _text(target)
        if not path:
            return ""
        if not path.startswith("/"):
            path = f"{os.getcwd()}/{path}"  # noqa: PTH109 - called often
        if self._is_plain(path, write=write):
            return ""
        real = _real(path, follow=follow)
        if f"{real}/".startswith("/proc/"):
            return _hidden(verb, real)
        if f"{real}/".startswith(self._write if write else self._read + self._write):
            return ""
        would = _exists(real) or (new and _exists(os.path.dirname(real)))  # noqa: PTH120
        return f"{verb} {real}" if would else ""

    def _is_plain(self, path: str, *, write: bool) -> bool:
        """Whether a path is allowed as it is spelled, because it leads through no link."""
        if "/.." in path:
            return False
        if f"{path}/".startswith(self._write):
            return not (self._has_own_links or (write and path.startswith(self._linked)))
        return not write and f"{path}/".startswith(self._read)


def _prefixes(places: Iterable[str]) -> tuple[str, ...]:
    found = [spelled for place in places for spelled in (place, os.path.realpath(place))]
    return tuple(f"{place.rstrip('/')}/" for place in dict.fromkeys(found) if place != "/proc")


def _text(target: object) -> str:
    """A path; "" for a descriptor, and for what no file has as its name."""
    if not isinstance(target, str | bytes | PurePath):
        return ""
    path = os.fsdecode(target)
    return "" if "\0" in path or path.startswith((":memory:", "file:")) else path


def _real(path: str, *, follow: bool) -> str:
    if follow or not os.path.islink(path):  # noqa: PTH114 - called often
        return os.path.realpath(path)
    folder, name = os.path.split(path)
    return f"{os.path.realpath(folder)}/{name}"


def _has_mode(args: tuple[object, ...]) -> bool:
    wanted = args[1]
    try:
        mode = os.stat(_text(args[0])).st_mode  # noqa: PTH116 - as in _exists
        return isinstance(wanted, int) and stat.S_IMODE(mode) == stat.S_IMODE(wanted)
    except (OSError, ValueError):
        return False


def _exists(path: str) -> bool:
    try:
        os.stat(path)  # noqa: PTH116 - called often
    except PermissionError:
        return True
    except (OSError, ValueError):
        return False
    return True


def _hidden(verb: str, path: str) -> str:
    """What is tried with a file of another process that the kernel hides, or ""."""
    found = _OF_A_PROCESS.match(path)
    if found is None or int(found[1]) == os.getpid():
        return ""
    try:
        os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC))
    except PermissionError:
        return f"{verb} /proc/PID{path[6 + len(found[1]) :]}"
    except OSError:
        pass
    return ""
