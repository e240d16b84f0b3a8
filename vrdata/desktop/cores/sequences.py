"""Cut the bins of one recording into overlapping sequences. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import TypeVar

from vrdata.desktop.cores.choices import Tail

T = TypeVar("T")


def step_of(length: int, overlap: Fraction) -> int:
    """Bins from the start of a sequence to the start of the next; at least 1.

    Args:
        length: bins of a sequence.
        overlap: share of a sequence that the next one repeats, 0 <= overlap < 1.
    """
    return max(1, int(length * (1 - overlap)))


def windows(
    items: Iterable[T], length: int, step: int, tail: Tail = Tail.ALIGNED
) -> Iterator[tuple[T, ...]]:
    """Consecutive items, `length` at a time; fewer items than that are one short window.

    Args:
        items: of one recording; `length` of them are in memory.
        length: items of a window.
        step: items from start to start, 1 to `length`.
        tail: if items are left at the end: one more window of the last `length` items (aligned),
            a shorter one at its regular start (short), or none (drop).
    """
    recent: deque[T] = deque(maxlen=length)
    seen, end = 0, length
    for item in items:
        recent.append(item)
        seen += 1
        if seen == end:
            yield tuple(recent)
            end += step
    if 0 < seen < length:
        yield tuple(recent)
    elif seen > end - step:
        yield from _tail(tuple(recent), seen - (end - length), tail)


def _tail(recent: tuple[T, ...], left: int, tail: Tail) -> Iterator[tuple[T, ...]]:
    """The window for the items after the last regular start, if there is to be one."""
    if tail is Tail.ALIGNED:
        yield recent
    elif tail is Tail.SHORT:
        yield recent[-left:]
