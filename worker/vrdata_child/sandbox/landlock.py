"""Restrict the files, signals and abstract sockets of a process with Landlock.

Source: the kernel's userspace-api/landlock documentation and linux/landlock.h. A domain holds for
all descendants; a second one can only take rights away.
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct
from collections.abc import Iterable
from dataclasses import dataclass

from vrdata_child.sandbox.calls import call

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_REMOVE_DIR, REMOVE_FILE, _MAKE_CHAR, _MAKE_DIR = 1 << 4, 1 << 5, 1 << 6, 1 << 7
MAKE_REG, _MAKE_SOCK, _MAKE_FIFO, _MAKE_BLOCK = 1 << 8, 1 << 9, 1 << 10, 1 << 11
_MAKE_SYM, _REFER, TRUNCATE, IOCTL_DEV = 1 << 12, 1 << 13, 1 << 14, 1 << 15
READ = EXECUTE | READ_FILE | READ_DIR
WRITE = WRITE_FILE | _REMOVE_DIR | REMOVE_FILE | _MAKE_DIR | MAKE_REG | _MAKE_SOCK | _MAKE_FIFO
WRITE |= _MAKE_SYM | _REFER | TRUNCATE
_OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV
_FIRST = WRITE | READ | _MAKE_CHAR | _MAKE_BLOCK  # rights of the first version, and two more
_TCP = 0b11  # bind and connect
_SCOPES = 0b11  # abstract Unix sockets, signals
_QUERY_VERSION, _RULE_PATH = 1, 1


@dataclass(frozen=True, slots=True)
class Grant:
    """Rights for a file, or for a folder and everything below it; a missing path gets none."""

    path: str
    rights: int


def version() -> int:
    """The version of Landlock's interface (ABI) that the kernel has; 0 = none."""
    try:
        return call("landlock_create_ruleset", None, 0, _QUERY_VERSION)
    except OSError:
        return 0


class Rules:
    """Grants whose files are open, so that a forked process applies them quickly.

    Args:
        grants: what stays allowed.
        abi: the version of the interface.
    """

    def __init__(self, grants: Iterable[Grant], abi: int) -> None:
        self.abi = abi
        self._handled = _handled(abi)
        self._places: list[int] = []
        self._rules: list[ctypes.Array[ctypes.c_char]] = []
        for grant in grants:
            self._add(grant)

    def _add(self, grant: Grant) -> None:
        try:
            place = os.open(grant.path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            return
        rights = grant.rights & self._handled
        if not stat.S_ISDIR(os.fstat(place).st_mode):
            rights &= _OF_FILES
        if not rights:
            os.close(place)
            return
        self._places.append(place)
        self._rules.append(ctypes.create_string_buffer(struct.pack("=Qi", rights, place), 12))

    def restrict(self, *, network: bool = False) -> None:
        """Take all other rights from this thread and its descendants; close the files.

        The process must have set `no_new_privs`.

        Args:
            network: TCP stays allowed.

        Raises:
            OSError: the kernel refuses the rules.
        """
        ruleset = call(
            "landlock_create_ruleset", *_attributes(self.abi, self._handled, network=network), 0
        )
        try:
            for rule in self._rules:
                call("landlock_add_rule", ruleset, _RULE_PATH, rule, 0)
            call("landlock_restrict_self", ruleset, 0)
        finally:
            os.close(ruleset)
            for place in self._places:
                os.close(place)

    def extend(self, grants: Iterable[Grant]) -> None:
        """Add grants, in the process that applies them."""
        for grant in grants:
            self._add(grant)


def _handled(abi: int) -> int:
    rights = _FIRST & ~(_REFER | TRUNCATE)
    for since, right in ((2, _REFER), (3, TRUNCATE), (5, IOCTL_DEV)):
        if abi >= since:
            rights |= right
    return rights


def _attributes(
    abi: int, handled: int, *, network: bool
) -> tuple[ctypes.Array[ctypes.c_char], int]:
    """`struct landlock_ruleset_attr`, as long as this version knows it, and its size."""
    fields = [handled]
    if abi >= 4:
        fields.append(0 if network else _TCP)
    if abi >= 6:
        fields.append(_SCOPES)
    size = 8 * len(fields)
    return ctypes.create_string_buffer(struct.pack(f"={len(fields)}Q", *fields), size), size
