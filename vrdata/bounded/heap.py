"""Let the threads of a process share its heap.

By default, glibc has up to eight heaps (arenas) for each processor, so each thread gets one of its
own. What a thread frees stays in its heap: pools of short-lived threads then keep many times the
memory that is in use. Python's threads allocate one at a time, so they lose nothing.
Source: mallopt(3), M_ARENA_MAX.
"""

from __future__ import annotations

import contextlib
import ctypes

_M_ARENA_MAX = -8
ARENAS = 2


def share_heap() -> None:
    """Limit glibc to ARENAS heaps, before the first thread; no effect with another C library.

    Programs that this process starts are not affected.
    """
    with contextlib.suppress(AttributeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, ARENAS)
