"""The staged parts of one source, within a limit of bytes; those in use are never removed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from vrdata.contract.reasons import FailureReason
from vrdata.sources.port import Part
from vrdata.text import count, human_bytes
from vrdata_worker.child.limits import free_space
from vrdata_worker.failures import ShardFailedError
from vrdata_worker.untrusted.folders import remove

KEPT_BYTES = 256 * 2**20  # of parts that no block uses; the last one is kept in any case


@dataclass(slots=True)
class _Entry:
    size: int
    users: int = 0
    is_staged: bool = False


class PartCache:
    """Folders of parts below one folder. Threads may share it.

    Args:
        folder: an existing empty folder.
        limit: bytes; 0 = what is free.
    """

    def __init__(self, folder: Path, limit: int) -> None:
        self._folder = folder
        self._limit = limit
        self._changed = threading.Condition()
        self._entries: dict[int, _Entry] = {}  # by the first item; the one used last comes last

    def folder_of(self, part: Part) -> Path:
        """Where a part is, or will be."""
        return self._folder / str(part.first)

    def hold(self, parts: Sequence[Part], stopped: Callable[[], bool]) -> tuple[Part, ...]:
        """Use parts until `release`; waits for room that other users of the cache release.

        Args:
            parts: of one block.
            stopped: whether to wait no longer.

        Returns:
            Those that are not staged yet: the caller fetches them.

        Raises:
            ShardFailedError: TooLarge when they exceed the limit, StorageUnavailable when the file
                system has too little space.
        """
        self._require_possible(parts)
        with self._changed:
            while not self._make_room(parts):
                if stopped() or not self._is_used():
                    raise self._no_space(parts)
                self._changed.wait(0.2)
            for part in parts:
                entry = self._entries.pop(part.first, None) or _Entry(part.disk_bytes)
                entry.users += 1
                self._entries[part.first] = entry
            return tuple(part for part in parts if not self._entries[part.first].is_staged)

    def staged(self, part: Part) -> None:
        """A part that is held was fetched and checked."""
        with self._changed:
            self._entries[part.first].is_staged = True

    def release(self, parts: Iterable[Part]) -> None:
        """End the use of parts that `hold` returned for."""
        with self._changed:
            for part in parts:
                entry = self._entries[part.first]
                entry.users -= 1
                if not entry.users and not entry.is_staged:
                    self._remove(part.first)
            unused = self._unused()
            while len(unused) > 1 and sum(self._entries[one].size for one in unused) > KEPT_BYTES:
                self._remove(unused.pop(0))
            self._changed.notify_all()

    def _require_possible(self, parts: Sequence[Part]) -> None:
        needed = sum(part.disk_bytes for part in parts)
        if self._limit and needed > self._limit:
            part = max(parts, key=lambda one: one.disk_bytes)
            what = f"a part of {part.files[0].name} needs {human_bytes(part.disk_bytes)}"
            if part.disk_bytes <= self._limit:
                what = f"the {count(len(parts), 'part')} of a block need {human_bytes(needed)}"
            raise ShardFailedError(
                FailureReason.TOO_LARGE,
                f"{what}, more than the {human_bytes(self._limit)} of scratch space for items; "
                "fix: raise classes.M.ephemeralStorage of the profile, or reduce blockSize",
            )

    def _make_room(self, parts: Sequence[Part]) -> bool:
        """Remove unused parts, the one used longest ago first, until there is room."""
        wanted = {part.first for part in parts}
        needed = sum(part.disk_bytes for part in parts if part.first not in self._entries)
        unused = [first for first in self._unused() if first not in wanted]
        while needed > self._room():
            if not unused:
                return False
            self._remove(unused.pop(0))
        return True

    def _room(self) -> int:
        """Bytes that can be fetched now."""
        free, reserved = free_space(self._folder)
        coming = sum(entry.size for entry in self._entries.values() if not entry.is_staged)
        room = free.bytes - reserved.bytes - coming
        if self._limit:
            room = min(room, self._limit - sum(entry.size for entry in self._entries.values()))
        return room

    def _unused(self) -> list[int]:
        return [first for first, entry in self._entries.items() if not entry.users]

    def _is_used(self) -> bool:
        return len(self._unused()) < len(self._entries)

    def _remove(self, first: int) -> None:
        del self._entries[first]
        remove(self._folder / str(first))

    def _no_space(self, parts: Sequence[Part]) -> ShardFailedError:
        needed = sum(part.disk_bytes for part in parts if part.first not in self._entries)
        free, _ = free_space(self._folder)
        return no_space(f"they need {human_bytes(needed)}, and {human_bytes(free.bytes)} are free")


def no_space(why: str, what: str = "the items of a block") -> ShardFailedError:
    """The scratch folder is too full for items, or for something else."""
    return ShardFailedError(
        FailureReason.STORAGE_UNAVAILABLE,
        f"the scratch folder has too little space for {what}: {why}; "
        "fix: free some space, or use another folder: --scratch DIR",
        lasting=True,
    )
