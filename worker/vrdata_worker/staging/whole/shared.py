"""Complete folders of staged files, which the worker processes of a machine share.

A folder is filled under a temporary name and renamed at the end, and renamed before it is removed:
it is complete or absent. A process locks each folder that it uses or fills, so that no other one
removes or fills it; a killed process loses its locks.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from vrdata.text import human_bytes
from vrdata_worker.child.limits import free_space
from vrdata_worker.staging.cache import no_space
from vrdata_worker.staging.whole.locks import (
    EXCLUSIVE,
    SHARED,
    locked,
    open_lock,
    try_lock,
    wait_turn,
)
from vrdata_worker.untrusted.folders import remove

_AT = "@"  # between the two parts of a name, which have no such character


class Tree(NamedTuple):
    """A folder of staged files.

    Attributes:
        owner: the generator that reads it.
        name: what is in it: a digest.
        size: bytes that it needs while it is filled.
    """

    owner: str
    name: str
    size: int

    @property
    def id(self) -> str:
        """Its name among all."""
        return f"{self.owner}{_AT}{self.name}"


@dataclass(frozen=True, slots=True)
class Use:
    """A complete folder that nobody removes until the use is closed.

    Attributes:
        folder: the folder.
        filled: it was filled for this use.
    """

    folder: Path
    filled: bool
    _lock: int

    def close(self) -> None:
        """End the use."""
        os.close(self._lock)


class _Other(NamedTuple):
    """A folder that exists or is being filled; `lock` = nobody uses it, and this is its lock."""

    id: str
    size: int
    used: float
    lock: int | None


class SharedTrees:
    """Folders below one folder. Threads and processes may share it.

    Args:
        root: absolute, without links; it is created. All processes that share it have ended when it
            is removed, so nothing in it outlives a crash of the machine.
        limit: bytes of all folders; 0 = what is free. Only folders that are in use exceed it.
    """

    def __init__(self, root: Path, limit: int) -> None:
        self._limit = limit
        self._trees, self._new, self._locks = (root / name for name in ("trees", "new", "locks"))
        for folder in (self._trees, self._new, self._locks):
            folder.mkdir(parents=True, exist_ok=True)

    def folder_of(self, owner: str) -> Path:
        """The folder with all folders of a generator; it stays the same one. Raises OSError."""
        folder = self._trees / owner
        folder.mkdir(exist_ok=True)
        return folder

    def use(
        self,
        tree: Tree,
        fill: Callable[[Path], int],
        stopped: Callable[[], bool],
        waits: Callable[[], None] = lambda: None,
    ) -> Use:
        """Use a complete folder; it is filled if it does not exist.

        Args:
            tree: the folder.
            fill: fills an empty folder, and returns the bytes in it. Of several processes, one
                fills, and the others wait for it.
            stopped: whether to wait no longer.
            waits: called once if another process fills it.

        Raises:
            ShardFailedError: it is `stopped`, or the file system has too little space.
            OSError: it cannot be written.
            Exception: what `fill` raises; then the folder does not exist.
        """
        final, filled = self._final(tree.id), False
        lock = open_lock(self._lock(tree.id))
        try:
            while True:
                kind = SHARED if final.exists() else EXCLUSIVE
                if not try_lock(lock, kind):
                    waits()
                    waits = _nothing
                    wait_turn(stopped)
                elif kind == SHARED and final.exists():
                    os.utime(lock)
                    return Use(final, filled, lock)
                elif kind == EXCLUSIVE and not final.exists():
                    self._fill(tree, lock, fill, stopped)
                    filled = True
        except BaseException:
            os.close(lock)
            raise

    def _fill(
        self, tree: Tree, lock: int, fill: Callable[[Path], int], stopped: Callable[[], bool]
    ) -> None:
        self._remove_unfinished(tree.id)
        self._make_room(tree, lock, stopped)
        new = self._temporary(tree.id)
        new.mkdir()
        try:
            _write_size(lock, fill(new))
            new.rename(self._final(tree.id))
            self._final(tree.id).chmod(0o555)  # a folder that cannot be written cannot move
        finally:
            remove(new)

    def _make_room(self, tree: Tree, lock: int, stopped: Callable[[], bool]) -> None:
        """Remove unused folders, the one used longest ago first, until there is room."""
        with locked(self._locks / ".room", stopped):
            others = self._others(tree.id)
            try:
                used = sum(one.size for one in others)
                unused = [one for one in others if one.lock is not None]
                for one in sorted(unused, key=lambda other: other.used):
                    over = 0 < self._limit < used + tree.size
                    if not over and tree.size <= self.free:
                        break
                    self._evict(one.id)
                    used -= one.size
            finally:
                for one in others:
                    if one.lock is not None:
                        os.close(one.lock)
            if tree.size > self.free:
                free = human_bytes(self.free)
                need = f"they need {human_bytes(tree.size)}, and {free} can be used"
                raise no_space(need, "the sources of a pipeline")
            _write_size(lock, tree.size)

    def _others(self, own: str) -> list[_Other]:
        found = []
        for path in self._locks.glob(f"*{_AT}*"):
            if path.name == own:
                continue
            lock = open_lock(path)
            is_free = try_lock(lock, EXCLUSIVE)
            if is_free:
                self._remove_unfinished(path.name)
            if is_free and not self._final(path.name).exists():
                os.close(lock)
                continue
            size, used = _size(lock), os.fstat(lock).st_mtime
            found.append(_Other(path.name, size, used, lock if is_free else None))
            if not is_free:
                os.close(lock)
        return found

    def _evict(self, name: str) -> None:
        gone = self._temporary(name)
        self._final(name).chmod(0o700)
        self._final(name).rename(gone)
        remove(gone)

    @property
    def free(self) -> int:
        """Bytes that can be used of the file system."""
        free, reserved = free_space(self._trees)
        return max(0, free.bytes - reserved.bytes)

    def _final(self, name: str) -> Path:
        owner, _, digest = name.partition(_AT)
        return self._trees / owner / digest

    def _lock(self, name: str) -> Path:
        return self._locks / name

    def _temporary(self, name: str) -> Path:
        return self._new / f"{name}{_AT}{secrets.token_hex(4)}"

    def _remove_unfinished(self, name: str) -> None:
        for left in self._new.glob(f"{name}{_AT}*"):
            remove(left)


def _nothing() -> None:
    """The wait is known."""


def _write_size(lock: int, size: int) -> None:
    os.pwrite(lock, b"%020d" % size, 0)


def _size(lock: int) -> int:
    with suppress(ValueError):
        return int(os.pread(lock, 20, 0))
    return 0
