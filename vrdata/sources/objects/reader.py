"""An object of a store as a file for random access, with one request for each read."""

from __future__ import annotations

import io

from vrdata.store.port import ObjectStore


class ObjectFile(io.RawIOBase):
    """Read-only.

    Args:
        store: the store that has it.
        key: its key.
        size: its bytes.
    """

    def __init__(self, store: ObjectStore, key: str, size: int) -> None:
        super().__init__()
        self._store, self._key, self._size = store, key, size
        self._at = 0

    def readable(self) -> bool:
        """See `io.IOBase`."""
        return True

    def seekable(self) -> bool:
        """See `io.IOBase`."""
        return True

    def tell(self) -> int:
        """See `io.IOBase`."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """See `io.IOBase`."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
        """See `io.RawIOBase`; raises as `ObjectStore.get_range`."""
        length = min(len(buffer), max(0, self._size - self._at))
        if not length:
            return 0
        body = self._store.get_range(self._key, self._at, length)
        buffer[: len(body)] = body
        self._at += len(body)
        return len(body)
