"""Which shard a worker gets next. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import groupby

from vrdata.contract.worker import ShardTask


class TaskQueue:
    """First attempts grouped by generator, then retries.

    A worker keeps its generator while shards of it remain, because its template is running. A
    worker without a template gets the generator that the fewest other workers use. First attempts
    are read lazily, one generator's shards at a time, so memory does not grow with the run.
    """

    def __init__(self, tasks: Iterable[ShardTask]) -> None:
        self._groups: Iterator[tuple[str, Iterator[ShardTask]]] = groupby(
            tasks, key=lambda task: task.generator
        )
        self._open: dict[str, deque[ShardTask]] = {}
        self._retries: deque[ShardTask] = deque()
        self._load_next()

    def take(self, current: str, busy: dict[str, int]) -> ShardTask | None:
        """Remove and return the next task for a worker; None when no task remains.

        Args:
            current: the generator of the worker's running template, or "".
            busy: how many other workers use each generator.
        """
        if current in self._open:
            return self._pop(current)
        if (self._open and all(busy.get(name, 0) for name in self._open)) or not self._open:
            self._load_next()
        if self._open:
            return self._pop(min(self._open, key=lambda name: busy.get(name, 0)))
        return self._retries.popleft() if self._retries else None

    def put_back(self, task: ShardTask) -> None:
        """Queue a retry; retries run after the first pass."""
        self._retries.append(task)

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
