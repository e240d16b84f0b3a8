"""Run a command as on a kernel that lacks a part of what closes a sandbox.

A filter around the command makes the missing system calls fail as they do on such a kernel; it
holds for all that the command starts.
"""

from __future__ import annotations

import errno
import os
import sys

from vrdata_child.sandbox.bpf import Rule, Test, error
from vrdata_child.sandbox.calls import number_of, prctl
from vrdata_child.sandbox.seccomp import install

_NO_NEW_PRIVS = 38  # prctl(2)
_NEW_LISTENER = 1 << 3  # seccomp(2)
LANDLOCK, LISTENER, RULES = "landlock", "listener", "rules"
"""Linux before 5.13 has no Landlock; gVisor and Linux before 5.0 also have no listener.

`RULES`: a container has Landlock and forbids to use it.
"""


def lacking(parts: tuple[str, ...], command: list[str]) -> list[str]:
    """The command that runs a command without `LANDLOCK`, a `LISTENER` or `RULES`."""
    return [sys.executable, "-P", __file__, *parts, "--", *command]


def _rule(part: str) -> Rule:
    if part == LANDLOCK:
        return Rule(number_of("landlock_create_ruleset") or 0, error(errno.ENOSYS))
    if part == RULES:
        return Rule(number_of("landlock_restrict_self") or 0, error(errno.EPERM))
    asks = Test(1, mask=_NEW_LISTENER, any_bit=True)
    return Rule(number_of("seccomp") or 0, error(errno.EINVAL), (asks,))


def main() -> None:
    """Install the filter and become the command."""
    end = sys.argv.index("--")
    prctl(_NO_NEW_PRIVS, 1)
    install([_rule(part) for part in sys.argv[1:end]], listener=False)
    command = sys.argv[end + 1 :]
    os.execvp(command[0], command)  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main()
