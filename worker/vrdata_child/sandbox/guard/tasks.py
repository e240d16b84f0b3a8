"""The processes and threads of a sandbox: which block they belong to, and how many there are."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
from dataclasses import dataclass
from pathlib import Path

MAX_TASKS = 1024
_NOBODY = 0
_MAX_DEPTH = 2 * MAX_TASKS


@dataclass(slots=True)
class _Count:
    """Tasks of a block: counted, and created since; a full one is to be ended."""

    counted: int = 1
    created: int = 0
    full: bool = False


class Tasks:
    """Bounds the number of processes and threads of each block.

    Args:
        top: the process that starts the blocks.
    """

    def __init__(self, top: int) -> None:
        self._top = top
        self._imported: set[int] | None = None  # what runs before the first block begins
        self._counts: dict[int, _Count] = {}
        self.folders: dict[int, str] = {}  # of the running blocks

    def leader(self, task: int) -> int:
        """The process of the block that a task belongs to.

        That is the process at the top for what the import started, and 0 for what is left of a
        block that has ended.
        """
        if self._imported is None:
            return self._top
        process, parent = _ids(task)
        for _ in range(_MAX_DEPTH):
            if process == self._top or process in self.folders:
                return process
            if parent == self._top:
                return self._top if process in self._imported else _NOBODY
            if not parent:
                break
            process, parent = parent, _parent(parent)
        return _NOBODY

    def may_create(self, task: int, leader: int) -> bool:
        """Count one more task of a block.

        False when it has MAX_TASKS, and ever after.

        Args:
            task: the thread that creates it.
            leader: its block.
        """
        if task == self._top and self._imported is not None:
            return True  # a block begins
        if leader == _NOBODY:
            return False
        count = self._counts.setdefault(leader, _Count())
        if not count.full and count.counted + count.created >= MAX_TASKS:
            count.counted, count.created = sum(threads for _, threads in self.members(leader)), 0
            count.full = count.counted >= MAX_TASKS
        count.created += 1
        return not count.full

    def kill(self, leader: int) -> None:
        """Kill the processes of a block that may create no more, which are therefore all."""
        for process, _ in self.members(leader):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(process, signal.SIGKILL)

    def members(self, leader: int) -> list[tuple[int, int]]:
        """The processes of a block, each with its number of threads (proc(5), stat)."""
        parents: dict[int, tuple[int, int]] = {}
        for entry in os.scandir("/proc"):
            if entry.name.isdigit():
                fields = _stat(entry.path)
                if fields:
                    parents[int(entry.name)] = int(fields[1]), int(fields[17])
        children: dict[int, list[int]] = {}
        for process, (parent, _) in parents.items():
            children.setdefault(parent, []).append(process)
        found, waiting = [], [leader]
        while waiting:
            process = waiting.pop()
            if process in parents:
                found.append((process, parents[process][1]))
            waiting += (one for one in children.get(process, ()) if one not in self.folders)
        return found

    def signals_itself(self, task: int, leader: int, target: int) -> bool:
        """Whether a signal stays inside a block.

        Args:
            task: the thread that sends it.
            leader: of its block.
            target: as in kill(2): a process or thread, a group, or every process.
        """
        if leader == _NOBODY:
            return False
        number = ctypes.c_int(target).value
        if number > 0:
            return self._belongs(number, leader)
        group = -number or _group(task)
        members = [int(entry.name) for entry in os.scandir("/proc") if entry.name.isdigit()]
        inside = [self._belongs(one, leader) for one in members if _group(one) == group]
        return number != -1 and bool(inside) and all(inside)

    def _belongs(self, task: int, leader: int) -> bool:
        """Whether a task is of a block; an orphan is known by its group."""
        process, _ = _ids(task)
        group = _group(process)
        for _ in range(_MAX_DEPTH):
            process, parent = _ids(task)
            if process == leader:
                return True
            if process == 0 or process in self.folders or parent in (0, 1, self._top):
                break
            task = parent
        return leader != self._top and group == leader

    def begin(self, leader: int, folder: str) -> None:
        """A block has begun."""
        self.folders[leader] = folder
        if self._imported is None:
            self._imported = {process for process, _ in self.members(self._top)}

    def end(self, leader: int) -> None:
        """A block has ended."""
        self.folders.pop(leader, None)
        self._counts.pop(leader, None)


def program_of(task: int) -> str:
    """The name of the program that a task runs, or "" when it has ended."""
    try:
        return Path(f"/proc/{task}/exe").readlink().name.removesuffix(" (deleted)")
    except OSError:
        return ""


def _ids(task: int) -> tuple[int, int]:
    """The process of a task and its parent; 0 when it has ended (proc(5), status)."""
    try:
        lines = Path(f"/proc/{task}/status").read_text(errors="replace").splitlines()
    except OSError:
        return 0, 0
    fields = dict(line.partition(":")[::2] for line in lines[:10])
    return int(fields.get("Tgid", 0)), int(fields.get("PPid", 0))


def _group(task: int) -> int:
    """The process group of a task; 0 when it has ended."""
    fields = _stat(f"/proc/{task}")
    return int(fields[2]) if fields else 0


def _parent(process: int) -> int:
    """The parent of a process; 0 when it has ended."""
    fields = _stat(f"/proc/{process}")
    return int(fields[1]) if fields else 0


def _stat(folder: str) -> list[str]:
    try:
        return Path(folder, "stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return []
