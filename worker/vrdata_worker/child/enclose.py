"""The command that starts a program in a sandbox (`vrdata_child.sandbox`)."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import cache
from importlib import util
from pathlib import Path

_RUN = (
    "import sys; sys.path.insert(0, sys.argv.pop(1));"
    "from vrdata_child.sandbox.__main__ import main; main()"
)


def enclosed(  # noqa: PLR0913 - what the sandbox differs in
    command: Sequence[str],
    *,
    report: int,
    python: str,
    read: Sequence[Path] = (),
    write: Sequence[Path] = (),
    network: bool = False,
    keep_report: bool = False,
) -> list[str]:
    """The command line of a program in a sandbox; its guard is the process that is started.

    Args:
        command: the program and its arguments.
        report: descriptor of a SOCK_SEQPACKET socket for the guard's packets.
        python: the interpreter that the program uses.
        read: files and folders that it can read, beside the system and the interpreter.
        write: folders that it can write to.
        network: leave the network open.
        keep_report: the program inherits the socket.
    """
    options = ["--report", str(report), "--python", python]
    for path in read:
        options += ["--read", str(path)]
    for path in write:
        options += ["--write", str(path)]
    if network:
        options.append("--network")
    if keep_report:
        options.append("--keep-report")
    # No site packages and no settings from the environment: nothing of a generator runs here.
    return [sys.executable, "-I", "-S", "-c", _RUN, _packages(), *options, "--", *command]


@cache
def _packages() -> str:
    """The folder that contains the package `vrdata_child`."""
    spec = util.find_spec("vrdata_child")
    if spec is None or spec.origin is None:
        raise ImportError("vrdata_child is not installed")
    return str(Path(spec.origin).parents[1])
