"""Run a script of a build, and name the files that the kernel refuses to its Python code.

`python watch.py RECORD SCRIPT ARGUMENTS...`: each kind of attempt is appended once to the file
RECORD, as a line of JSON. This runs in the sandbox, where code can deceive it; the kernel
refuses files, and this only names them. It imports the standard library only.
"""

from __future__ import annotations

import json
import os
import runpy
import sys
import threading
from pathlib import Path

MAX_ATTEMPTS = 20  # of one script
_VERBS = {"os.listdir": "list", "os.scandir": "list", "open": "read"}
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
# Scripts read facts about the machine there, and do not need them.
_UNNAMED = ("/etc/", "/sys/", "/dev/", "/usr/")


def watch(record: str) -> None:
    """Append to a file what Python code of this process and its forks attempts and is refused."""
    named: set[str] = set()
    inside = threading.local()

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if event not in _VERBS or len(named) >= MAX_ATTEMPTS or getattr(inside, "now", False):
            return
        inside.now = True
        try:
            flags = arguments[2] if event == "open" else os.O_RDONLY
            tried = refused(arguments[0], _VERBS[event], flags)
            if tried and tried not in named:
                named.add(tried)
                with Path(record).open("a", encoding="utf-8") as file:
                    file.write(json.dumps(tried) + "\n")
        except (OSError, ValueError):
            pass  # the call itself raises the error
        finally:
            inside.now = False

    sys.addaudithook(hook)


def refused(path: object, verb: str, flags: object) -> str:
    """What an attempt is called if the kernel refuses it, or "".

    Args:
        path: of a file, or its descriptor.
        verb: what it does if it does not write.
        flags: of open(2).
    """
    if not isinstance(path, str | bytes) or not isinstance(flags, int):
        return ""
    place = os.path.realpath(os.fsdecode(path))
    if place.startswith(_UNNAMED):
        return ""
    writes = bool(flags & _WRITES)
    try:
        os.close(os.open(place, (os.O_WRONLY if writes else os.O_RDONLY) | os.O_NONBLOCK))
    except PermissionError:
        return f"{'write' if writes else verb} {place}"
    except FileNotFoundError:
        if flags & os.O_CREAT and not _can_create(Path(place).parent):
            return f"write {place}"
    except OSError:
        return ""
    return ""


def _can_create(folder: Path) -> bool:
    try:
        os.close(os.open(folder, os.O_WRONLY | getattr(os, "O_TMPFILE", os.O_DIRECTORY)))
    except PermissionError:
        return False
    except OSError:
        return True  # not known
    return True


def main(record: str, script: str, *arguments: str) -> None:
    """Watch this process and run a script in it, as Python does."""
    watch(record)
    sys.argv = [script, *arguments]
    sys.path[0] = str(Path(script).parent)
    runpy.run_path(script, run_name="__main__")


if __name__ == "__main__":
    main(*sys.argv[1:])
