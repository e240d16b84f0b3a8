"""A block stays the parent of its processes, and changes no attributes of files outside."""

from __future__ import annotations

import os

from support.generators.probe import Probes

CALLS = """
import ctypes, fcntl, os
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
CLONE = 56 if os.uname().machine == "x86_64" else 220
CLONE_PARENT, SIGCHLD, SUBREAPER = 0x8000, 17, 36

def sibling():
    process = libc.syscall(CLONE, ctypes.c_long(CLONE_PARENT | SIGCHLD), 0, 0, 0, 0)
    if process == 0:
        os._exit(0)
    return os.strerror(ctypes.get_errno()) if process < 0 else "started"

def disown():
    return os.strerror(ctypes.get_errno()) if libc.prctl(SUBREAPER, 0, 0, 0, 0) else "disowned"

def read(path, call, command, value):
    with open(path) as file:
        try:
            call(file, command, value)
        except OSError as error:
            return error.strerror
"""


def test_a_block_stays_the_parent_of_its_processes(probes: Probes) -> None:
    met = probes.evaluate({"sibling": "sibling()", "disown": "disown()"}, CALLS)
    assert met == {"sibling": "Operation not permitted", "disown": "Invalid argument"}
    assert "tried to create a process outside its block" in probes.refused(f"{CALLS}\nsibling()")[0]


def test_a_file_that_a_block_can_only_read_keeps_its_flags_and_leases(probes: Probes) -> None:
    flags = bytes(8)
    met = probes.evaluate(
        {
            "flags": f"read(__file__, fcntl.ioctl, 0x40086602, {flags})",
            "verity": f"read(__file__, fcntl.ioctl, 0x40806685, {bytes(128)})",
            "version": f"read(__file__, fcntl.ioctl, 0x40087602, {flags})",
            "project": f"read(__file__, fcntl.ioctl, 0x401c5820, {bytes(28)})",
            "subvolume": f"read(__file__, fcntl.ioctl, 0x5000940E, {bytes(512)})",
            "lease": "read(__file__, fcntl.fcntl, fcntl.F_SETLEASE, fcntl.F_RDLCK)",
        },
        f"{CALLS}\n__file__ = {os.path.realpath(os.__file__)!r}\n",
    )
    assert met.pop("lease") == "Invalid argument"
    assert set(met.values()) == {"Operation not supported"}
