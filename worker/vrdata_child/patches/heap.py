"""Keep freed memory for the next frame, instead of giving it back and paging it in again.

glibc maps blocks of a megabyte singly and trims its heap; a child that draws frames spends a third
of its CPU on page faults then. Peaks stay as they are: what is kept was in use before.
Source: mallopt(3); measured by `python -m benchmarks overhead`.
"""

from __future__ import annotations

import contextlib
import ctypes

_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
_KEPT_BYTES = 512 * 2**20
_MAPPED_BYTES = 32 * 2**20  # glibc takes no more: DEFAULT_MMAP_THRESHOLD_MAX on 64 bits


def keep_freed_memory() -> None:
    """Tell glibc; another C library goes its own way."""
    with contextlib.suppress(AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_TRIM_THRESHOLD, _KEPT_BYTES)
        mallopt(_M_MMAP_THRESHOLD, _MAPPED_BYTES)
