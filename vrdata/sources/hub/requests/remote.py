"""A file of the Hub that can be read at any place, and ranges that are fetched once."""

from __future__ import annotations

import io
import os
import threading
from collections import OrderedDict
from collections.abc import Callable

from vrdata.sources.port import PartFile

FIRST_READ = 1 << 16  # the end of a Parquet file, with its footer
LARGEST_READ = 1 << 23  # of a file that is read from its start to its end
SHARED_BYTES = 1 << 24
LARGEST_SHARED = 1 << 21


class RemoteFile(io.RawIOBase):
    """A file that is read by requests; reads that follow each other ask for more each time.

    Args:
        fetch: the bytes `[start, stop)`.
        size: of the file, in bytes.
    """

    def __init__(self, fetch: Callable[[int, int], bytes], size: int) -> None:
        super().__init__()
        self._fetch = fetch
        self._size = size
        self._place = 0
        self._start, self._held = 0, b""
        self._ahead = FIRST_READ

    def readable(self) -> bool:
        """It can be read."""
        return True

    def seekable(self) -> bool:
        """It can be read at any place."""
        return True

    def tell(self) -> int:
        """The place of the next read."""
        return self._place

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move the place of the next read."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError(f"cannot seek to {base + offset}")
        self._place = base + offset
        return self._place

    def read(self, size: int | None = -1) -> bytes:
        """Up to `size` bytes; fewer only at the end of the file."""
        wanted = self._size if size is None or size < 0 else size
        stop = min(self._place + wanted, self._size)
        if stop <= self._place:
            return b""
        if not (self._start <= self._place and stop <= self._start + len(self._held)):
            self._fill(stop)
        data = self._held[self._place - self._start : stop - self._start]
        self._place = stop
        return data

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """As `read`, to a buffer."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def _fill(self, stop: int) -> None:
        """Hold the bytes from the place to `stop`, and some around them."""
        end = self._start + len(self._held)
        if self._held and self._start <= self._place <= end:
            kept, self._start = self._held[self._place - self._start :], self._place
            self._ahead = min(self._ahead * 2, LARGEST_READ)
        elif self._place < self._start <= stop <= end:  # more of a footer than was held
            self._held = self._fetch(self._place, self._start) + self._held
            self._start = self._place
            return
        else:  # near the end, read the whole end: footers are there
            kept, self._start = b"", min(self._place, max(0, self._size - FIRST_READ))
            self._ahead = FIRST_READ
        start = self._start + len(kept)
        self._held = kept + self._fetch(start, min(max(stop, start + self._ahead), self._size))


class Shared:
    """The last small ranges that parts of a file share, such as its footer. Threads may share it.

    Args:
        limit: bytes of all that are kept.
    """

    def __init__(self, limit: int = SHARED_BYTES) -> None:
        self._limit = limit
        self._kept: OrderedDict[tuple[str, int, int], bytes] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, file: PartFile, start: int, stop: int) -> bytes | None:
        """The bytes `[start, stop)`, if they are kept."""
        with self._lock:
            found = self._kept.pop((file.name, start, stop), None)
            if found is not None:
                self._kept[file.name, start, stop] = found
            return found

    def keep(self, file: PartFile, start: int, data: bytes) -> None:
        """Keep the bytes from `start` on; the ones that were not used for longest are dropped."""
        with self._lock:
            self._kept[file.name, start, start + len(data)] = data
            while sum(map(len, self._kept.values())) > self._limit:
                self._kept.popitem(last=False)


def is_shared(file: PartFile, start: int, stop: int) -> bool:
    """Whether other parts may need the same bytes: the start or the end of a divided file."""
    at_end = start == 0 or stop == file.size
    return bool(file.ranges) and at_end and stop - start <= LARGEST_SHARED
