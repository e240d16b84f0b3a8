"""Work on many items in threads, with a bounded number of them in memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeVar

QUEUED_PER_JOB = 4  # enough that no thread waits while the next items are listed

T = TypeVar("T")
R = TypeVar("R")


def in_parallel(items: Iterable[T], work: Callable[[T], R], jobs: int) -> Iterator[R]:
    """`work(item)` of every item, as each is done; items are taken only as needed.

    Args:
        items: may be longer than memory.
        work: called in a thread; what it raises ends the iteration, and what waits is dropped.
        jobs: threads.
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


def in_order(items: Iterable[T], work: Callable[[T], R], jobs: int) -> Iterator[R]:
    """`work(item)` of every item, in the items' order; otherwise as `in_parallel`."""
    waiting: deque[Future[R]] = deque()
    pool = ThreadPoolExecutor(jobs)
    try:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) >= QUEUED_PER_JOB * jobs:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
