"""The processes and threads of a sandbox: which block they belong to, and how many there are."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

MAX_TASKS = 1024
_NOBODY = 0
_MAX_DEPTH = 2 * MAX_TASKS
_MAX_KNOWN = 4 * MAX_TASKS
_MAX_ROUNDS = 100
_PARENT, _GROUP, _THREADS, _STARTED = 1, 2, 17, 19  # of the fields after the name in proc(5), stat


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
        self._known: dict[tuple[int, str], int] = {}  # by process and its start: its block
        self.folders: dict[int, str] = {}  # of the running blocks

    def leader(self, task: int) -> int:
        """The process of the block that a task belongs to.

        For processes that the import started, that is the process at the top. For processes that
        survived their block, it is 0.
        """
        if self._imported is None:
            return self._top
        process, _ = _ids(task)
        passed: list[tuple[int, str]] = []
        found = _NOBODY
        for _ in range(_MAX_DEPTH):
            if process == self._top or process in self.folders:
                found = process
                break
            fields = _stat(f"/proc/{process}")
            if not fields:
                break
            parent, started = int(fields[_PARENT]), fields[_STARTED]
            if parent == self._top:
                return self._top if process in self._imported else _NOBODY
            if found := self._remembered(process, started):
                break
            passed.append((process, started))
            process = parent
        self._remember(passed, found)
        return found

    def _remembered(self, process: int, started: str) -> int:
        """The block of a process, if it was found before and still runs; else 0."""
        found = self._known.get((process, started), _NOBODY)
        alive = found in self.folders and _stat(f"/proc/{found}")[:1] not in ([], ["Z"])
        return found if alive else _NOBODY

    def _remember(self, processes: Sequence[tuple[int, str]], leader: int) -> None:
        """A deep tree of processes is not followed to its root each time."""
        if len(self._known) > _MAX_KNOWN:
            self._known.clear()
        if leader in self.folders:
            self._known.update(dict.fromkeys(processes, leader))

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

    def kill_survivors(self) -> None:
        """Kill the processes that are of no running block, and that the import did not start.

        The process at the top waits for it, and begins no block. A process that was created during
        the search is found in the next round; none creates another after it was killed.
        """
        kept = {self._top, *(self._imported or ())}
        killed: set[int] = set()
        if _children(self._top) <= kept | self.folders.keys():
            return  # orphans are children of the process at the top
        for _ in range(_MAX_ROUNDS):
            found = {process for process, _ in self.members(self._top, kept)} - kept - killed
            if not found:
                return
            for process in found:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(process, signal.SIGKILL)
            killed |= found

    def members(self, leader: int, apart: Collection[int] = ()) -> list[tuple[int, int]]:
        """The processes of a block, each with its number of threads (proc(5), stat).

        Args:
            leader: of the block.
            apart: processes to exclude, with their descendants.
        """
        parents: dict[int, tuple[int, int]] = {}
        for entry in os.scandir("/proc"):
            if entry.name.isdigit():
                fields = _stat(entry.path)
                if fields:
                    parents[int(entry.name)] = int(fields[_PARENT]), int(fields[_THREADS])
        children: dict[int, list[int]] = {}
        for process, (parent, _) in parents.items():
            children.setdefault(parent, []).append(process)
        found, waiting, left_out = [], [leader], {*self.folders, *apart}
        while waiting:
            process = waiting.pop()
            if process in parents:
                found.append((process, parents[process][1]))
            waiting += (one for one in children.get(process, ()) if one not in left_out)
        return found

    def is_inside(self, task: int, leader: int, target: int) -> bool:
        """Whether what a call of a block reaches is of the same block.

        Args:
            task: the thread that calls.
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

    def reaches(self, task: int, leader: int, target: int) -> bool:
        """Whether what a call of a block reaches includes the block's first process.

        Args:
            task: the thread that calls.
            leader: of its block.
            target: as in kill(2), but not every process.
        """
        if leader == _NOBODY:
            return False
        if target > 0:
            return _ids(target)[0] == leader
        return (-target or _group(task)) == _group(leader)

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
        lines = _read(f"/proc/{task}/status").splitlines()
    except OSError:
        return 0, 0
    fields = dict(line.partition(":")[::2] for line in lines[:10])
    return int(fields.get("Tgid", 0)), int(fields.get("PPid", 0))


def _group(task: int) -> int:
    """The process group of a task; 0 when it has ended."""
    fields = _stat(f"/proc/{task}")
    return int(fields[_GROUP]) if fields else 0


def _children(process: int) -> set[int]:
    """The running children of a process; 0 stands for unknown ones (proc(5), children)."""
    try:
        lists = [_read(f"{one.path}/children") for one in os.scandir(f"/proc/{process}/task")]
    except OSError:
        return {0}  # the kernel does not list them
    children = {int(one) for one in " ".join(lists).split()}
    return {one for one in children if _stat(f"/proc/{one}")[:1] != ["Z"]}


def _stat(folder: str) -> list[str]:
    try:
        return _read(f"{folder}/stat").rpartition(")")[2].split()
    except OSError:
        return []


def _read(path: str) -> str:
    """The start of a small file, faster than Path.read_text."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(descriptor, 4096).decode(errors="replace")
    finally:
        os.close(descriptor)
