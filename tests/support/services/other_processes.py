"""What another process of the same user can read of a process."""

from __future__ import annotations

import json
import os
import subprocess
import sys

_READ = """
import ctypes, json, os, sys

pid = sys.argv[1]
libc = ctypes.CDLL(None, use_errno=True)


def traced():
    if libc.ptrace(0x4206, int(pid), None, None):  # PTRACE_SEIZE: does not stop it
        raise OSError(ctypes.get_errno(), "ptrace")


def memory():
    descriptor = os.open(f"/proc/{pid}/mem", os.O_RDONLY)
    os.close(descriptor)


ways = {
    "environ": lambda: open(f"/proc/{pid}/environ", "rb").read(),
    "maps": lambda: open(f"/proc/{pid}/maps", "rb").read(),
    "mem": memory,
    "fd/0": lambda: os.readlink(f"/proc/{pid}/fd/0"),
    "root": lambda: os.listdir(f"/proc/{pid}/root"),
    "cwd": lambda: os.readlink(f"/proc/{pid}/cwd"),
    "exe": lambda: os.readlink(f"/proc/{pid}/exe"),
    "ptrace": traced,
}
open_ways = []
for name, way in ways.items():
    try:
        way()
        open_ways.append(name)
    except OSError:
        pass
print(json.dumps(open_ways))
"""
ALL = ["environ", "maps", "mem", "fd/0", "root", "cwd", "exe", "ptrace"]
_PR_CAPBSET_DROP = 24  # prctl(2)


def without_capabilities(*arguments: str) -> list[str]:
    """The command that runs this Python without capabilities, also when the tests run as root.

    The kernel lets no process read one that has more capabilities.
    """
    drop = (
        "import ctypes, os, sys\n"
        f"[ctypes.CDLL(None).prctl({_PR_CAPBSET_DROP}, n, 0, 0, 0) for n in range(64)]\n"
        "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])\n"
    )
    return [sys.executable, "-c", drop, *arguments]


def ways_into(pid: int) -> list[str]:
    """The ways into a process that are open to another process of its user."""
    done = subprocess.run(
        without_capabilities("-I", "-c", _READ, str(pid)),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env={"PATH": os.defpath},
    )
    found: list[str] = json.loads(done.stdout)
    return found
