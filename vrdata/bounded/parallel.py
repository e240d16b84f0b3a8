"""Work on many items in threads, with a bounded number of them in memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeVar

QUEUED_PER_JOB = 4  # enough to keep every thread busy while the next items are listed

T = TypeVar("T")
R = TypeVar("R")


def in_parallel(items: Iterable[T], work: Callable[[T], R], jobs: int) -> Iterator[R]:
    """`work(item)` of every item, in the order of completion; items are taken only as needed.

    Args:
        items: need not fit in memory.
        work: called in a thread; an exception ends the iteration and drops queued items.
        jobs: number of threads.
    """
    waiting: set[Future[R]] = set()
    pool = ThreadPoolExecutor(jobs)
    try:
        for item in items:
            waiting.add(pool.submit(work, item))
            if len(waiting) >= QUEUED_PER_JOB * jobs:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                yield from (future.result() for future in done)
        while waiting:
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            yield from (future.result() for future in done)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def in_order(
    items: Iterable[T], work: Callable[[T], R], jobs: int, *, queued: int = QUEUED_PER_JOB
) -> Iterator[R]:
    """`work(item)` of every item, in the order of the items; otherwise as `in_parallel`.

    Args:
        queued: for each thread, items that are taken and whose results are not; 1 for large ones.
    """
    waiting: deque[Future[R]] = deque()
    pool = ThreadPoolExecutor(jobs)
    try:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) >= queued * jobs:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
