"""Keep freed memory for the next frame instead of returning it to the kernel.

By default, glibc maps large blocks separately and trims its heap; a child that draws frames then
spends a third of its CPU time on page faults. Peak memory does not grow: only memory that was
already in use is kept.
Source: mallopt(3); measured by `python -m benchmarks overhead`.
"""

from __future__ import annotations

import contextlib
import ctypes

_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
_KEPT_BYTES = 512 * 2**20
_MAPPED_BYTES = 32 * 2**20  # glibc's maximum on 64 bits, DEFAULT_MMAP_THRESHOLD_MAX


def keep_freed_memory() -> None:
    """Configure glibc's allocator; no effect with another C library."""
    with contextlib.suppress(AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_TRIM_THRESHOLD, _KEPT_BYTES)
        mallopt(_M_MMAP_THRESHOLD, _MAPPED_BYTES)
