"""The operator of `bench_operator`, in a process of its own.

Usage: python -m benchmarks.bench_operator_process commits|build|restart FOLDER
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from benchmarks import synthetic
from support.lives import SYSTEM, profile_object, run_object
from support.operator.fakecluster import FakeCluster
from support.operator.index_sets import format_index_set
from vrdata.api.profile import GenerationProfile
from vrdata.api.run import FailurePolicy
from vrdata.contract.worker import StoreSettings
from vrdata.dataset import layout
from vrdata.plan.planned import Plan, Shard
from vrdata.store.opening import open_store
from vrdata.store.port import ObjectStore
from vrdata_operator import handlers  # what a real operator imports
from vrdata_operator.metrics.counters import Metrics
from vrdata_operator.observe.stores import MeteredStore, Stores
from vrdata_operator.policy.retries import first_waves
from vrdata_operator.reconcile import WRITE_SECONDS, Reconciler
from vrdata_operator.settings import Home
from vrdata_operator.state import names
from vrdata_operator.state.history import History
from vrdata_operator.state.shard_sets import ShardSet

GENERATORS = 300
LONG = 100_000  # committed shards after which the operator restarts
SHORT = 2_000
PODS = 1000
AT_ONCE = 100  # commits between two turns
STEADY_TURNS = 20
BEAT_SECONDS = 0.005
Json = dict[str, Any]
HANDLERS = handlers


class FolderStores(Stores):
    """Every profile's root is one folder."""

    def __init__(self, folder: Path, metrics: Metrics) -> None:
        super().__init__(metrics.store_request)
        self._only = MeteredStore(open_store(str(folder)), metrics.store_request, {})

    def root(self, settings: StoreSettings) -> ObjectStore:  # noqa: ARG002 - there is only one
        """See `Stores.root`."""
        return self._only

    async def mode(
        self,
        settings: StoreSettings,  # noqa: ARG002 - there is only one
    ) -> Literal["strict", "detect"]:
        """See `Stores.mode`."""
        return "strict"


@dataclass
class Run:
    """A run whose waves are stored, and the cluster with its Jobs."""

    folder: Path
    plan: Plan

    def __post_init__(self) -> None:
        self.hash = self.plan.hash
        limits = {"maxSamples": 10**8, "maxParallelism": PODS}
        profile = GenerationProfile.model_validate(profile_object(limits=limits))
        history, policy = History((), synthetic.UID), FailurePolicy()
        self.waves = first_waves(self.plan, ShardSet(), history, profile.spec, policy)
        self.cluster = FakeCluster()
        asyncio.run(self.cluster.apply_profile(profile_object(limits=limits)))
        first = self.plan.generators[0]
        generators = [{"name": first.name, "samples": first.samples}]
        self.cluster.add_run(run_object(generators=generators, parallelism=PODS), synthetic.UID)
        # With waves in its status, the run has compared data with markers already.
        status = {"plan": self.hash, "waves": len(self.waves)}
        self.cluster.runs["team", "demo"]["status"] = status
        for wave in self.waves:
            self.cluster.jobs["team", names.wave_job(synthetic.UID, wave.wave)] = synthetic.job(
                wave, PODS
            )

    @property
    def prefix(self) -> Path:
        """The run's folder."""
        return self.folder / "team" / "demo"

    def build(self) -> None:
        """Store the plan and the waves."""
        synthetic.write(self.prefix / layout.PLAN, self.plan.to_json())
        for wave in self.waves:
            synthetic.write(self.prefix / layout.wave_key(wave.wave), wave.to_json())

    def commit(self, shards: Iterable[Shard], samples: int) -> None:
        """Write commit markers with so many sample records."""
        for shard in shards:
            body = synthetic.marker(self.plan, self.hash, shard, samples)
            synthetic.write(self.prefix / layout.commit_key(*shard), body)

    def complete(self, count: int) -> None:
        """Tell Jobs that the first `count` shards are completed."""
        for wave in self.waves:
            done = max(0, min(wave.size, count))
            count -= done
            status = self.cluster.jobs["team", names.wave_job(synthetic.UID, wave.wave)]["status"]
            status["completedIndexes"] = format_index_set(range(done))
            if done == wave.size:
                found = {"type": "Complete", "status": "True", "reason": "CompletionsReached"}
                status |= {"active": 0, "ready": 0, "conditions": [found]}

    def require(self, count: int) -> None:
        """Fail unless the status counts so many shards."""
        status = self.cluster.runs["team", "demo"]["status"]
        if status.get("shards", {}).get("succeeded", 0) < count:
            raise RuntimeError(f"not {count} committed shards: {status}")

    def reconciler(self) -> Reconciler:
        """An operator that has just started."""
        metrics = Metrics()
        stores = FolderStores(self.folder, metrics)
        return Reconciler(self.cluster, stores, metrics, Home(SYSTEM))


def commits(folder: Path) -> Json:
    """A run of SHORT shards, AT_ONCE more committed in each turn: CPU ms for each of them."""
    run = Run(folder, synthetic.plan(20, SHORT // 20))
    run.build()
    shards = [shard for wave in run.waves for shard in wave.shards()]
    reconciler = run.reconciler()
    asyncio.run(reconciler.turn("team", "demo"))
    spent = 0.0
    for done in range(AT_ONCE, SHORT, AT_ONCE):
        run.commit(shards[done - AT_ONCE : done], synthetic.SAMPLES)
        run.complete(done)
        start = time.process_time()
        asyncio.run(_turns(reconciler))
        spent += time.process_time() - start
    time.sleep(WRITE_SECONDS)
    asyncio.run(reconciler.turn("team", "demo"))
    run.require(SHORT - AT_ONCE)
    return {"commit": spent * 1e3 / (SHORT - AT_ONCE)}


def build(folder: Path) -> Json:
    """A run with LONG committed shards; the marker of each has one sample record."""
    run = Run(folder, synthetic.plan(GENERATORS, LONG // GENERATORS + 1))
    run.build()
    shards = [shard for wave in run.waves for shard in wave.shards()]
    run.commit(shards[:LONG], 1)
    return {}


def restart(folder: Path) -> Json:
    """The first turns of an operator, until it has read everything, and turns without news."""
    run = Run(folder, synthetic.plan(GENERATORS, LONG // GENERATORS + 1))
    run.complete(LONG)
    return asyncio.run(_restart(run))


async def _restart(run: Run) -> Json:
    reconciler = run.reconciler()
    pauses: list[float] = []
    beat = asyncio.create_task(_beat(pauses))
    cpu, own = time.process_time(), time.thread_time()
    await _turns(reconciler)
    cpu, own = time.process_time() - cpu, time.thread_time() - own
    beat.cancel()
    steady = time.process_time()
    for _ in range(STEADY_TURNS):
        await reconciler.turn("team", "demo")
    steady = time.process_time() - steady
    await asyncio.sleep(WRITE_SECONDS)
    await reconciler.turn("team", "demo")
    run.require(LONG)
    return {
        "reading": cpu - own,
        "loop": own,
        "pause": max(pauses) * 1e3,
        "memory": _peak_mib(),
        "turn": steady / STEADY_TURNS,
    }


async def _turns(reconciler: Reconciler) -> None:
    """Turns until everything is read."""
    while (await reconciler.turn("team", "demo")).after == 0:
        pass


async def _beat(pauses: list[float]) -> None:
    """How much later than asked each beat came, in seconds."""
    while True:
        start = time.perf_counter()
        await asyncio.sleep(BEAT_SECONDS)
        pauses.append(time.perf_counter() - start - BEAT_SECONDS)


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    task = {"commits": commits, "build": build, "restart": restart}[sys.argv[1]]
    sys.stdout.write(json.dumps(task(Path(sys.argv[2]))))
