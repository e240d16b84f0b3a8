"""What the processes of a block use: memory and scratch space (proc(5))."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE")
_SHARED_MEMORY = "/dev/shm"  # noqa: S108 - where POSIX shared memory is
_LONG = 900  # characters, of at most 4 bytes
_MAX_OPENED = 100
_HIDDEN_BYTES = 2**50
_SECTOR = 512  # the unit of st_blocks, stat(2)


@dataclass(frozen=True, slots=True)
class Space:
    """Space of a folder or a file system.

    Attributes:
        bytes: that are allocated or free.
        files: number of files and folders, of inodes for a file system.
    """

    bytes: int
    files: int


def memory_bytes(leader: int, limit: int) -> int:
    """Memory of a process and all its descendants; 0 after the process has ended.

    Resident bytes and open files in memory (memfd_create(2), shared memory). What several of the
    processes share counts once; that takes longer to find out, so it counts several times while the
    sum is within the limit.

    Args:
        leader: the process.
        limit: its limit in bytes.
    """
    own = resident_bytes(leader)
    if own > limit:
        return own
    members = (leader, *_descendants(leader))
    held = _held_bytes(members, in_memory=True)
    total = held + sum(resident_bytes(process) for process in members)
    if total <= limit:
        return total
    private, shared = 0, 0
    for process in members:
        share = _shares(process)
        private += share.get("Pss_Anon", 0) + share.get("Pss_File", 0)
        shared += share.get("Pss_Shmem", 0)
    return max(own, private + max(shared, held))


def resident_bytes(process: int) -> int:
    """Resident bytes of one process; 0 after it has ended."""
    try:
        return int(_read(f"/proc/{process}/statm").split()[1]) * _PAGE
    except (OSError, IndexError, ValueError):
        return 0


def scratch_space(leader: int, folder: Path) -> Space:
    """What a block uses: files below its folder, and open files that it has removed.

    Args:
        leader: the process of the block.
        folder: of the block.
    """
    found = _below(str(folder))
    return Space(found.bytes + _held_bytes((leader, *_descendants(leader))), found.files)


def _below(folder: str, opened: int = 0) -> Space:
    """What is below a folder, also where a path is too long for the kernel (PATH_MAX).

    Args:
        folder: the folder.
        opened: how many folders above it are open.
    """
    size = files = 0
    waiting = [folder]
    while waiting:
        place = waiting.pop()
        try:
            if len(place) > _LONG:
                found = _below_long(place, opened)
                size, files = size + found.bytes, files + found.files
                continue
            with os.scandir(place) as entries:
                for entry in entries:
                    files += 1
                    size += entry.stat(follow_symlinks=False).st_blocks * _SECTOR
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
        except OSError:  # removed in the meantime, or closed by the generator
            continue
    return Space(size, files)


def _below_long(folder: str, opened: int) -> Space:
    if opened == _MAX_OPENED:  # nobody needs such a folder, except to hide what is in it
        return Space(_HIDDEN_BYTES, 0)
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        return _below(f"/proc/self/fd/{handle}", opened + 1)
    finally:
        os.close(handle)


def _descendants(leader: int) -> list[int]:
    """The processes below one; none on a kernel that does not list children."""
    found: list[int] = []
    waiting = [leader]
    while waiting:
        process = waiting.pop()
        try:
            with os.scandir(f"/proc/{process}/task") as tasks:
                lists = [_read(f"{task.path}/children") for task in tasks]
        except OSError:  # it has ended
            continue
        below = [int(child) for child in b" ".join(lists).split()]
        found += below
        waiting += below
    return found


def _shares(process: int) -> dict[str, int]:
    """Bytes by kind of memory; a page that N processes map counts as 1/N. Empty if not known."""
    try:
        lines = _read(f"/proc/{process}/smaps_rollup").decode().splitlines()[1:]
        fields = [line.split() for line in lines]
        return {name.rstrip(":"): int(size) * 1024 for name, size, _ in fields}
    except (OSError, ValueError):
        return {}


def _held_bytes(processes: Iterable[int], *, in_memory: bool = False) -> int:
    """Bytes of the files that processes have open: files in memory, or removed files on disk."""
    found: dict[tuple[int, int], int] = {}
    shared = _device(_SHARED_MEMORY)
    for process in processes:
        for place in _open_files(process):
            try:
                file = place.stat()
                if not stat.S_ISREG(file.st_mode):
                    continue
                is_memory = file.st_dev == shared or str(place.readlink()).startswith("/memfd:")
            except OSError:  # closed in the meantime
                continue
            if is_memory if in_memory else not (is_memory or file.st_nlink):
                found[file.st_dev, file.st_ino] = file.st_blocks * _SECTOR
    return sum(found.values())


def _open_files(process: int) -> list[Path]:
    try:
        return list(Path(f"/proc/{process}/fd").iterdir())
    except OSError:
        return []


def _device(path: str) -> int:
    try:
        return Path(path).stat().st_dev
    except OSError:
        return 0


def _read(path: str) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        parts = []
        while part := os.read(descriptor, 65536):
            parts.append(part)
        return b"".join(parts)
    finally:
        os.close(descriptor)
