"""Start long-running processes and stop exactly those, even after the test process was killed."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

STOP_SECONDS = 20.0


class Processes:
    """Processes with their logs in one folder; their pids are written when they start."""

    def __init__(self, folder: Path) -> None:
        self._logs = folder / "log"
        self._logs.mkdir(parents=True, exist_ok=True)
        self._record = folder / "processes.json"

    def start(
        self, name: str, command: Sequence[object], environment: Mapping[str, str] | None = None
    ) -> int:
        """Start a process in its own session; returns its pid."""
        log = str(self._logs / f"{name}.log")
        words = [str(word) for word in command]
        # Not subprocess.Popen, which warns about a process that it did not stop itself.
        pid = os.posix_spawn(
            shutil.which(words[0]) or words[0],
            words,
            os.environ | dict(environment or {}),
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
                (os.POSIX_SPAWN_DUP2, 1, 2),
            ],
            setsid=True,
        )
        entries = [*self._entries(), {"pid": pid, "started": _started(pid)}]
        self._record.write_text(json.dumps(entries))
        return pid

    def alive(self, pid: int) -> bool:
        """Whether a process that was started here still runs."""
        return _started(pid) is not None

    def log(self, name: str, lines: int = 20) -> str:
        """The end of a process's log."""
        path = self._logs / f"{name}.log"
        text = path.read_text(errors="replace") if path.exists() else ""
        return "\n".join(text.splitlines()[-lines:])

    def stop(self, pid: int, number: signal.Signals = signal.SIGTERM) -> None:
        """Stop one process and wait until it has ended."""
        _signal(pid, number)
        _wait(pid)

    def stop_all(self) -> None:
        """Stop all recorded processes, the last started first."""
        for entry in reversed(self._entries()):
            pid = int(entry["pid"])
            if _started(pid) == entry["started"]:  # otherwise another process has the pid now
                self.stop(pid)
        self._record.unlink(missing_ok=True)

    def _entries(self) -> list[dict[str, int]]:
        try:
            found: list[dict[str, int]] = json.loads(self._record.read_text())
        except (FileNotFoundError, ValueError):
            return []
        return found


def _wait(pid: int) -> None:
    deadline = time.monotonic() + STOP_SECONDS
    while _started(pid) is not None:
        if time.monotonic() > deadline:
            _signal(pid, signal.SIGKILL)
            deadline += STOP_SECONDS
        time.sleep(0.05)


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _started(pid: int) -> int | None:
    """Start time of a process in clock ticks (proc(5), field 22); None if it has ended."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)  # reap it if it is our child
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    state, *fields = text.rpartition(")")[2].split()
    return None if state == "Z" else int(fields[18])
