"""Memory for pixels that is used again when nobody holds it any more."""

from __future__ import annotations

import math
import sys
from collections import deque

import numpy as np
from numpy.typing import NDArray

_LIMIT = 256 * 2**20
"""Bytes of all buffers that can be used again."""
_MOST = 256
_SMALL = 256 * 2**10
"""Bytes up to which new memory is as cheap."""

Bytes = NDArray[np.uint8]


class Buffers:
    """Gives memory; not for concurrent threads.

    New memory of a frame costs a page fault for each 4 KiB, which takes about as long as decoding.
    The pictures of an item are dropped when the next one is there, so their memory can serve again.
    """

    def __init__(self) -> None:
        self._kept: deque[Bytes] = deque()
        self._size = 0

    def take(self, shape: tuple[int, ...]) -> Bytes:
        """An array of undefined content; its memory is its own as long as a view of it exists."""
        size = math.prod(shape)
        if size < _SMALL:
            return np.empty(shape, np.uint8)
        for at in range(len(self._kept)):
            if self._kept[at].size == size and _references(self._kept, at) == _ALONE:
                return self._kept[at].reshape(shape)
        buffer = np.empty(size, np.uint8)
        self._kept.append(buffer)
        self._size += size
        while self._size > _LIMIT or len(self._kept) > _MOST:
            self._size -= self._kept.popleft().size
        return buffer.reshape(shape)


def _references(kept: deque[Bytes], at: int) -> int:
    """Arrays share memory by a reference to the one that owns it."""
    return sys.getrefcount(kept[at])


_ALONE = _references(deque([np.empty(1, np.uint8)]), 0)
