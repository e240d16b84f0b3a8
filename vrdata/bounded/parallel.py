"""Work on many items in threads, with a bounded number of them in memory."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeVar

QUEUED_PER_JOB = 4  # enough to keep every thread busy while the next items are listed
SLOW_SECONDS = 0.003  # of a call that is worth a thread
_WEIGHT = 0.1  # of the last call in the mean

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


class InOrder:
    """Calls in order, in threads as soon as they are slow: waiting for others is slow.

    Threads that only compute take turns, so fast calls take several times as long in threads.

    Args:
        jobs: number of threads.
        queued: as in `in_order`.
        clock: seconds of a monotonic clock.
    """

    def __init__(
        self,
        jobs: int,
        *,
        queued: int = QUEUED_PER_JOB,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._jobs = jobs
        self._queued = queued
        self._clock = clock
        self._mean: float | None = None

    def each(self, items: Iterable[T], work: Callable[[T], R]) -> Iterator[R]:
        """As `in_order`; what earlier calls took counts, too."""
        rest = iter(items)
        for item in () if self._is_slow() else rest:
            start = self._clock()
            result = work(item)
            took = self._clock() - start
            self._mean = took if self._mean is None else self._mean + _WEIGHT * (took - self._mean)
            yield result
            if self._is_slow():
                break
        yield from in_order(rest, work, self._jobs, queued=self._queued)

    def _is_slow(self) -> bool:
        return self._mean is not None and self._mean >= SLOW_SECONDS
