"""Give up privileges: no capabilities, no setuid programs, bounded resources."""

from __future__ import annotations

import ctypes
import os
import resource
import struct

from vrdata_child.sandbox.calls import call, prctl

MAX_FILE_BYTES = 4 * 2**30
MAX_OPEN_FILES = 8192
_PR_SET_NO_NEW_PRIVS, _PR_CAPBSET_DROP, _PR_CAP_AMBIENT = 38, 24, 47  # prctl(2)
_PR_SET_SECUREBITS, _CLEAR_ALL = 28, 4
_NO_ROOT = 0b101111  # no capabilities by user id 0, locked (capabilities(7), SECBIT_*)
_VERSION_3 = 0x20080522  # capset(2)


def drop() -> None:
    """Give up every capability for good, and with `no_new_privs` every way to gain one.

    Root without capabilities is an ordinary user who owns root's files.

    Raises:
        OSError: the kernel has no `no_new_privs`.
    """
    if os.getuid() == 0 or os.geteuid() == 0:
        _drop_capabilities()
    prctl(_PR_SET_NO_NEW_PRIVS, 1)


def limit_resources() -> None:
    """Bound the size of files and the number of open ones; no core dumps."""
    _lower(resource.RLIMIT_FSIZE, MAX_FILE_BYTES, raise_soft=True)
    _lower(resource.RLIMIT_NOFILE, MAX_OPEN_FILES)
    _lower(resource.RLIMIT_CORE, 0)


def _lower(which: int, value: int, *, raise_soft: bool = False) -> None:
    soft, hard = (
        value if limit == resource.RLIM_INFINITY else min(limit, value)
        for limit in resource.getrlimit(which)
    )
    resource.setrlimit(which, (hard if raise_soft else soft, hard))


def _drop_capabilities() -> None:
    for capability in range(64):
        try:
            prctl(_PR_CAPBSET_DROP, capability)
        except OSError:  # there is none with this number, or they cannot be dropped
            break
    for option, argument in ((_PR_CAP_AMBIENT, _CLEAR_ALL), (_PR_SET_SECUREBITS, _NO_ROOT)):
        try:
            prctl(option, argument)
        except OSError:  # the user namespace does not have the right
            continue
    header = ctypes.create_string_buffer(struct.pack("=Ii", _VERSION_3, 0), 8)
    call("capset", header, ctypes.create_string_buffer(bytes(24), 24))
