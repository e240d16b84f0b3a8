"""Run a program in a sandbox: `--report FD … -- PROGRAM ARGUMENT…`.

This process becomes the guard of the sandbox; it ends with the program's exit code. It is started
without site packages (`python -S`), so nothing from a generator's environment runs outside.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import sys

from vrdata_child.sandbox.enter import enter
from vrdata_child.sandbox.guard.loop import fork_guarded
from vrdata_child.sandbox.places import readable, writable

GUARD_VARIABLE = "VRDATA_GUARD_FD"
LANDLOCK_VARIABLE = "VRDATA_LANDLOCK"  # the version in use; 0 = none


def main() -> None:
    """Fork the guard, put the child into the sandbox and let it become the program."""
    options = _parse()
    report = socket.socket(fileno=options.report)
    supervisor = os.getppid()
    guard = fork_guarded(report, options.write, network=options.network)
    grants = [
        *readable([*options.read, *options.write], options.python, os.environ),
        *writable(options.write),
    ]
    protected = (supervisor, os.getppid())
    closed = enter(grants, guard, protected=protected, network=options.network)
    guard.send(json.dumps(closed.packet()).encode())
    report.set_inheritable(options.keep_report)
    guard.set_inheritable(options.keep_report)
    if options.keep_report:
        os.environ[GUARD_VARIABLE] = str(guard.fileno())
        os.environ[LANDLOCK_VARIABLE] = str(closed.landlock)
    try:
        os.execvp(options.command[0], options.command)  # noqa: S606 - no shell is wanted
    except OSError as error:
        sys.stderr.write(f"{options.command[0]} cannot be started: {error.strerror}\n")
        os._exit(127)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="vrdata_child.sandbox")
    parser.add_argument("--report", type=int, required=True, help="a SOCK_SEQPACKET socket")
    parser.add_argument(
        "--keep-report", action="store_true", help="the program inherits the socket and the guard's"
    )
    parser.add_argument("--python", default=sys.executable, help="interpreter of the program")
    parser.add_argument("--read", action="append", default=[], metavar="PATH")
    parser.add_argument("--write", action="append", default=[], metavar="PATH")
    parser.add_argument("--network", action="store_true", help="allow the network")
    parser.add_argument("command", nargs="+")
    return parser.parse_args()


if __name__ == "__main__":
    main()
