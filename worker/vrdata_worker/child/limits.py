"""Find the blocks of a template that reach a limit of resources."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path

from vrdata.contract.reasons import FailureReason
from vrdata.contract.records import Failure
from vrdata.text import count
from vrdata_worker.child.template import GeneratorTemplate
from vrdata_worker.child.usage import Space, memory_bytes, resident_bytes, scratch_space

LOG_BYTES = 2**30
SCRATCH_BYTES = 6 * 2**30  # in a trial
MEMORY_SECONDS = 0.5  # between two checks of the descendants of a block
SCRATCH_SECONDS = 60.0  # between two counts of all files, while the file system does not fill up
RESERVED_BYTES = 2**30
RESERVED_FILES = 10_000
RESERVED_SHARE = 0.05  # of small file systems
_STEP = 8  # blocks are checked before they use a further eighth of their limit
_REST = 10  # counting files takes at most one tenth of the time


class BlockLimits:
    """Watches the blocks of a template.

    Args:
        template: runs the blocks.
        memory_bytes: limit of a block; 0 = no limit.
        scratch_bytes: limit of a block; 0 = no limit except the free space.
    """

    def __init__(
        self, template: GeneratorTemplate, *, memory_bytes: int, scratch_bytes: int
    ) -> None:
        self._template = template
        self._memory_bytes = memory_bytes
        self._scratch_bytes = scratch_bytes
        self._folders: dict[int, Path] = {}
        self._looked: dict[int, float] = {}
        self._found: dict[int, Failure] = {}
        self._most_free = 0
        self._next_look = 0.0
        self._looked_at = time.monotonic()

    def exceeded(self, block: int, folder: Path) -> Failure | None:
        """The limit that a running block has reached, if any.

        Args:
            block: its number.
            folder: its folder.
        """
        self._folders[block] = folder
        now = time.monotonic()
        if said := self._template.limit_of(block):
            return _failed(f"the generator {said}")
        if self._memory_bytes and self._memory(block, now) > self._memory_bytes:
            limit = _gib(self._memory_bytes)
            return Failure(
                reason=FailureReason.OUT_OF_MEMORY,
                message=f"the generator used more memory than its limit, {limit}",
            )
        if _size(folder / "log.txt") > LOG_BYTES:
            return _failed(f"the generator printed more than {_gib(LOG_BYTES)}")
        self._look_at_files(folder, now)
        return self._found.pop(block, None)

    def ended(self, block: int) -> Failure | None:
        """The limit that a block reached before it ended by itself, if any."""
        folder = self._folders.get(block)
        if folder is not None:
            self._look_at_files(folder, time.monotonic(), urgent=True)
        self._folders.pop(block, None)
        self._looked.pop(block, None)
        return self._found.pop(block, None)

    def _memory(self, block: int, now: float) -> int:
        process = self._template.process_of(block)
        if now - self._looked.get(block, 0.0) < MEMORY_SECONDS:
            return resident_bytes(process)
        self._looked[block] = now
        return memory_bytes(process, self._memory_bytes)

    def _look_at_files(self, folder: Path, now: float, *, urgent: bool = False) -> None:
        """Count files only when the file system fills up, because counting takes long."""
        free, reserved = free_space(folder)
        is_full = free.bytes < reserved.bytes or free.files < reserved.files
        self._most_free = max(self._most_free, free.bytes)
        grown = self._scratch_bytes and self._most_free - free.bytes > self._scratch_bytes / _STEP
        idle = now - self._looked_at > SCRATCH_SECONDS
        if not (is_full or grown or idle) or (now < self._next_look and not (urgent and is_full)):
            return
        used = {
            block: scratch_space(self._template.process_of(block), place)
            for block, place in self._folders.items()
        }
        self._most_free, self._looked_at = free.bytes, now
        ended = time.monotonic()
        self._next_look = ended + _REST * (ended - now)
        for block, space in used.items():
            if 0 < self._scratch_bytes < space.bytes:
                limit = _gib(self._scratch_bytes)
                self._found[block] = _failed(
                    f"the generator used more than {limit} of scratch space"
                )
        if is_full and not self._found:
            self._found |= _largest(used, free, reserved)


def free_space(folder: Path) -> tuple[Space, Space]:
    """The free space of a file system, and how much of it blocks may not use up."""
    found = os.statvfs(folder)
    size = found.f_blocks * found.f_frsize
    files = found.f_files or RESERVED_FILES  # some file systems have no fixed number
    free = Space(found.f_bavail * found.f_frsize, found.f_favail if found.f_files else files)
    reserved = Space(
        min(RESERVED_BYTES, int(size * RESERVED_SHARE)),
        min(RESERVED_FILES, int(files * RESERVED_SHARE)),
    )
    return free, reserved


def _largest(used: Mapping[int, Space], free: Space, reserved: Space) -> dict[int, Failure]:
    """The block that has filled a file system; none when its end would not make enough room."""
    if free.bytes < reserved.bytes:
        block = max(used, key=lambda one: used[one].bytes)
        what = f"used {_gib(used[block].bytes)} of scratch space"
        enough = used[block].bytes >= reserved.bytes
    else:
        block = max(used, key=lambda one: used[one].files)
        what = f"created {count(used[block].files, 'file')}"
        enough = used[block].files >= reserved.files
    message = f"the generator {what}, and the file system is full"
    failure = Failure(reason=FailureReason.GENERATOR_CRASHED, message=message)
    return {block: failure} if enough else {}


def _failed(message: str) -> Failure:
    return Failure(reason=FailureReason.GENERATOR_FAILED, message=message)


def _gib(size: int) -> str:
    return f"{size / 2**30:.1f} GiB".replace(".0 ", " ")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
