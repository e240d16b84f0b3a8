"""Start a program in a sandbox (`vrdata_child.sandbox`); measure the level of this kernel."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from importlib import util
from pathlib import Path

from vrdata.errors import VrdataError
from vrdata.hermetic import Hermetic
from vrdata_worker.child.channel import Channel
from vrdata_worker.child.events import parse_hermetic

START_SECONDS = 60.0
_RUN = (
    "import sys; sys.path.insert(0, sys.argv.pop(1));"
    "from vrdata_child.sandbox.__main__ import main; main()"
)


class SandboxError(VrdataError):
    """A program in a sandbox does not start."""


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
        read: files and folders that it can read, besides the system and the interpreter.
        write: folders that it can write to.
        network: allow the network.
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
    return [sys.executable, "-I", "-S", "-c", _RUN, packages(), *options, "--", *command]


@cache
def packages() -> str:
    """The folder that contains the package `vrdata_child`."""
    spec = util.find_spec("vrdata_child")
    if spec is None or spec.origin is None:
        raise ImportError("vrdata_child is not installed")
    return str(Path(spec.origin).parents[1])


def measure_level(folder: Path) -> Hermetic:
    """Start an interpreter that does nothing in the sandbox of a template.

    Args:
        folder: an existing private folder.

    Raises:
        SandboxError: the sandbox or the interpreter in it does not start.
    """
    channel = Channel()
    try:
        with channel.theirs as theirs:
            done = subprocess.run(
                enclosed(
                    [sys.executable, "-I", "-S", "-c", "pass"],
                    report=theirs.fileno(),
                    python=sys.executable,
                    write=(folder,),
                ),
                env={"PATH": os.defpath},
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=START_SECONDS,
                check=False,
            )
        while done.returncode == 0 and (received := channel.receive(0)) is not None:
            packet = json.loads(received[1])  # only the guard has the socket
            if packet["event"] == "closed":
                return parse_hermetic(packet)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _not_started(str(error)) from None
    finally:
        channel.close()
    raise _not_started(done.stderr.strip() or f"it ended with exit code {done.returncode}")


def _not_started(why: str) -> SandboxError:
    return SandboxError(
        f"a Python interpreter in a sandbox does not start: {why}",
        fix="report this with the version of the kernel (uname -r)",
    )
