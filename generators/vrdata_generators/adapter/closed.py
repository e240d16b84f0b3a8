"""Run a program in a sandbox with a time limit; nothing that it started outlives the call."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from vrdata.contract.refusals import Refusal, total
from vrdata_worker.child.channel import Channel
from vrdata_worker.child.enclose import enclosed
from vrdata_worker.untrusted.packets import parse

END_SECONDS = 10
MAX_REFUSALS = 1000


@dataclass(frozen=True, slots=True)
class ClosedProcess:
    """How a program in a sandbox ended.

    Attributes:
        returncode: its exit code; 128 + N after signal N.
        refused: what it tried and the sandbox refused.
    """

    returncode: int
    stdout: str
    stderr: str
    refused: tuple[Refusal, ...]


def run_closed(  # noqa: PLR0913 - the program and its sandbox
    command: Sequence[str],
    *,
    seconds: float,
    env: Mapping[str, str],
    python: Path | str = sys.executable,
    cwd: Path | None = None,
    read: Sequence[Path] = (),
    write: Sequence[Path] = (),
    network: bool = False,
) -> ClosedProcess:
    """Run a program in a sandbox, without input; returns its output as text.

    Args:
        command: the program and its arguments.
        seconds: the longest time it can take.
        env: its environment.
        python: the interpreter that it uses.
        cwd: its working directory; None = that of this process.
        read: files and folders that it can read, besides the system and the interpreter.
        write: folders that it can write to.
        network: allow the network.

    Raises:
        subprocess.TimeoutExpired: it took too long.
        OSError: the sandbox cannot be started.
    """
    channel = Channel()
    with contextlib.closing(channel):
        report = channel.theirs.fileno()
        closed = enclosed(
            command, report=report, python=str(python), read=read, write=write, network=network
        )
        with subprocess.Popen(
            closed,
            env=env,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
            pass_fds=(report,),
        ) as guard:
            try:
                stdout, stderr = guard.communicate(timeout=seconds)
            except BaseException:
                _end(guard)
                raise
        code = guard.returncode if guard.returncode >= 0 else 128 - guard.returncode
        return ClosedProcess(code, stdout, stderr, _refused(channel, guard.pid))


def _end(guard: subprocess.Popen[str]) -> None:
    """Let the guard end the sandbox; kill both if it does not."""
    guard.send_signal(signal.SIGTERM)
    try:
        guard.communicate(timeout=END_SECONDS)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(guard.pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            guard.communicate(timeout=END_SECONDS)


def _refused(channel: Channel, guard: int) -> tuple[Refusal, ...]:
    found = []
    for _ in range(MAX_REFUSALS):
        received = channel.receive(0)
        if received is None:
            break
        sender, body = received
        packet = parse(body) if sender == guard else {}
        if packet.get("event") == "refused":
            refusal = Refusal.read(packet)
            found += [refusal] if refusal else []
    return total(found)
