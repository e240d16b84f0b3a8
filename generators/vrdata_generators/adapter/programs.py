"""Run another program with a time limit; nothing that it started outlives the call."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from vrdata.privacy.variables import without_secrets

END_SECONDS = 10


def run_program(
    command: Sequence[str],
    *,
    seconds: float,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    descriptors: Sequence[int] = (),
) -> subprocess.CompletedProcess[str]:
    """Run a program in a session of its own, without input; returns its output as text.

    Its whole process group is killed when it takes too long or this process is interrupted:
    pip, git and scripts start programs of their own.

    Args:
        command: the program and its arguments.
        seconds: the longest time it can take.
        env: its environment; None = that of this process without its secrets.
        cwd: its working directory; None = that of this process.
        descriptors: of this process, that it gets.

    Raises:
        subprocess.TimeoutExpired: it took too long.
        OSError: it cannot be started.
    """
    with subprocess.Popen(
        command,
        env=without_secrets(os.environ) if env is None else env,
        cwd=cwd,
        pass_fds=tuple(descriptors),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as process:
        try:
            stdout, stderr = process.communicate(timeout=seconds)
        except BaseException:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.communicate(timeout=END_SECONDS)  # every process with these pipes has ended
            raise
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)  # processes that it left behind
    return subprocess.CompletedProcess(list(command), process.returncode, stdout, stderr)
