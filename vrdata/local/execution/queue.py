"""Which shard a worker gets next. Pure."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import groupby

from vrdata.contract.worker import ShardTask


class TaskQueue:
    """First attempts grouped by generator, then retries, each of them not before its time.

    A worker keeps its generator while shards of it remain, because its template is running. A
    worker without a template gets the generator that the fewest other workers use. First attempts
    are read lazily, one generator's shards at a time, so memory does not grow with the run.
    """

    def __init__(self, tasks: Iterable[ShardTask]) -> None:
        self._groups: Iterator[tuple[str, Iterator[ShardTask]]] = groupby(
            tasks, key=lambda task: task.generator
        )
        self._open: dict[str, deque[ShardTask]] = {}
        self._retries: list[tuple[float, int, ShardTask]] = []
        self._put_back = 0
        self._load_next()

    def take(self, current: str, busy: dict[str, int], now: float = 0.0) -> ShardTask | None:
        """Remove and return the next task for a worker; None when there is none now.

        Args:
            current: the generator of the worker's running template, or "".
            busy: how many other workers use each generator.
            now: seconds of the clock that `put_back` uses.
        """
        if current in self._open:
            return self._pop(current)
        if (self._open and all(busy.get(name, 0) for name in self._open)) or not self._open:
            self._load_next()
        if self._open:
            return self._pop(min(self._open, key=lambda name: busy.get(name, 0)))
        if self._retries and self._retries[0][0] <= now:
            return heapq.heappop(self._retries)[2]
        return None

    @property
    def waits(self) -> bool:
        """Whether a retry waits for its time, or for a worker."""
        return bool(self._retries)

    def put_back(self, task: ShardTask, not_before: float = 0.0) -> None:
        """Queue a retry; retries run after the first pass, the earliest first.

        Args:
            task: the retry.
            not_before: when it can start, in seconds of a clock.
        """
        self._put_back += 1
        heapq.heappush(self._retries, (not_before, self._put_back, task))

    def _pop(self, name: str) -> ShardTask:
        tasks = self._open[name]
        task = tasks.popleft()
        if not tasks:
            del self._open[name]
        return task

    def _load_next(self) -> None:
        for name, group in self._groups:
            self._open[name] = deque(group)
            return
