"""Resident peaks of all processes that a command starts, by their distance from it."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

POLL_SECONDS = 0.01


def tree_peaks(command: Sequence[object], *, env: Mapping[str, str] | None = None) -> list[int]:
    """Run a command, and measure each of its processes with the kernel's own figure (VmHWM).

    Returns:
        For the command and each level of processes below it, the largest resident peak of one
        process in bytes: the processes of a level, such as those that convert a block each, do the
        same.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    words = [str(word) for word in command]
    peaks: dict[int, int] = {}  # by level
    with subprocess.Popen(
        words, env={**os.environ, **(env or {})}, stdout=subprocess.DEVNULL
    ) as running:
        levels = {running.pid: 0}
        while running.poll() is None:
            _measure(levels, peaks)
            time.sleep(POLL_SECONDS)
    if running.returncode:
        raise subprocess.CalledProcessError(running.returncode, words)
    return [peaks[level] for level in sorted(peaks)]


def _measure(levels: dict[int, int], peaks: dict[int, int]) -> None:
    """Find new processes, and raise the peak of each level."""
    facts = {pid: found for pid in _pids() if (found := _status(pid)) is not None}
    for pid in levels.keys() - facts.keys():  # its number may soon be that of another process
        del levels[pid]
    new = [pid for pid, (parent, _) in facts.items() if parent in levels and pid not in levels]
    while new:
        levels.update((pid, levels[facts[pid][0]] + 1) for pid in new)
        new = [pid for pid, (parent, _) in facts.items() if parent in levels and pid not in levels]
    for pid, level in levels.items():
        peaks[level] = max(peaks.get(level, 0), facts[pid][1])


def _pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208 - often


def _status(pid: int) -> tuple[int, int] | None:
    """Parent and resident peak in bytes; None = it has ended."""
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return None
    _, _, after = text.partition("\nPPid:")
    _, found, peak = text.partition("\nVmHWM:")
    return (int(after.split(None, 1)[0]), int(peak.split(None, 1)[0]) * 1024) if found else None
