"""Start long-running processes and end exactly those, also after a harness that was killed."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

STOP_SECONDS = 20.0


class Processes:
    """Processes with their logs in one folder; their pids are on disk as soon as they run."""

    def __init__(self, folder: Path) -> None:
        self._logs = folder / "log"
        self._logs.mkdir(parents=True, exist_ok=True)
        self._record = folder / "processes.json"
        self._children: dict[int, subprocess.Popen[bytes]] = {}

    def start(
        self, name: str, command: Sequence[object], environment: Mapping[str, str] | None = None
    ) -> int:
        """Start a process in a session of its own; returns its pid."""
        with (self._logs / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [str(word) for word in command],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                env=os.environ | dict(environment or {}),
            )
        self._children[process.pid] = process
        entries = [*self._entries(), {"pid": process.pid, "started": _started(process.pid)}]
        self._record.write_text(json.dumps(entries))
        return process.pid

    def alive(self, pid: int) -> bool:
        """Whether a process that was started here still runs."""
        child = self._children.get(pid)
        return child.poll() is None if child else _started(pid) is not None

    def log(self, name: str, lines: int = 20) -> str:
        """The end of a process's log."""
        path = self._logs / f"{name}.log"
        text = path.read_text(errors="replace") if path.exists() else ""
        return "\n".join(text.splitlines()[-lines:])

    def stop(self, pid: int, number: signal.Signals = signal.SIGTERM) -> None:
        """End one process and wait for it."""
        _signal(pid, number)
        _wait(pid, self._children.get(pid))

    def stop_all(self) -> None:
        """End all recorded processes, the last started first."""
        for entry in reversed(self._entries()):
            pid = int(entry["pid"])
            if _started(pid) == entry["started"]:  # else the number belongs to somebody else now
                self.stop(pid)
        self._record.unlink(missing_ok=True)

    def _entries(self) -> list[dict[str, int]]:
        try:
            found: list[dict[str, int]] = json.loads(self._record.read_text())
        except (FileNotFoundError, ValueError):
            return []
        return found


def _wait(pid: int, child: subprocess.Popen[bytes] | None) -> None:
    deadline = time.monotonic() + STOP_SECONDS
    while time.monotonic() < deadline:
        if child.poll() is not None if child else _started(pid) is None:
            return
        time.sleep(0.05)
    _signal(pid, signal.SIGKILL)
    if child:
        child.wait()


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _started(pid: int) -> int | None:
    """Start time of a process in clock ticks (proc(5), field 22); None when it is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    state, *fields = text.rpartition(")")[2].split()
    return None if state == "Z" else int(fields[18])
