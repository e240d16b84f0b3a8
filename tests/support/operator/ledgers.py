"""A ledger over a store in memory, and everything that it reports."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from support.lives import small_plan
from support.memorystore import MemoryStore
from vrdata.contract.records import FailureRecord
from vrdata.dataset.manifest import ShardManifest
from vrdata.plan.planned import Shard
from vrdata.plan.waves import Wave, to_spans
from vrdata_operator.observe.ledger import LIST_SECONDS, Ledger
from vrdata_operator.state.facts import JobFacts, PodFacts
from vrdata_operator.state.names import wave_job

PLAN = small_plan(O_a=3, G_b=2)
A = [Shard("O-a", number) for number in range(3)]
READERS = ThreadPoolExecutor(2)


def wave(number: int, *shards: tuple[str, int], attempt: int = 0, run: str = "run") -> Wave:
    return Wave(
        plan=PLAN.hash,
        run=run,
        wave=number,
        generator_class="O",
        attempt=attempt,
        memory_bytes=1,
        spans=to_spans(shards),
    )


class Counted:
    """A ledger and what it reported."""

    def __init__(self, store: MemoryStore) -> None:
        self.commits: Counter[tuple[str, str, int]] = Counter()
        self.failures: list[tuple[str, str, int]] = []
        self.differences: list[str] = []
        self.ledger = Ledger(store, PLAN, "run", self, READERS)
        self.now = 0.0

    def refresh(self, *jobs: JobFacts) -> bool:
        """Read again, so much later that a full listing is due."""
        self.now += LIST_SECONDS
        return self.read(*jobs)

    def read(self, *jobs: JobFacts, seconds: float = 60.0) -> bool:
        """Read again at the same time."""
        deadline = time.monotonic() + seconds
        return self.ledger.refresh({job.name: job for job in jobs}, self.now, deadline)

    def explain(self, one: Wave, indexes: list[int], pods: dict[int, PodFacts]) -> None:
        assert self.ledger.failures.explain(one, indexes, pods, self.now, time.monotonic() + 60)

    def shard_committed(self, generator_class: str, manifest: ShardManifest) -> None:
        self.commits.update([(generator_class, manifest.generator, manifest.shard)])

    def shard_failed(self, generator_class: str, failure: FailureRecord) -> None:
        self.failures.append((generator_class, failure.reason, failure.attempt))

    def shard_differed(self, generator_class: str) -> None:
        self.differences.append(generator_class)


def job(number: int = 0, **facts: Any) -> JobFacts:
    return JobFacts(wave_job("run", number), "shard", number, **facts)
