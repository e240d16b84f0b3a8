"""Drive a run through its life: a fake cluster, a store in memory, a clock that tests set."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

from support.memorystore import MemoryStore
from support.operator.fakecluster import FakeCluster
from support.operator.fakeworkers import Workers
from vrdata.api.status import Condition, GenerationRunStatus
from vrdata.contract.worker import StoreSettings
from vrdata.plan.catalogue import CatalogueEntry
from vrdata.plan.planned import Plan, PlannedGenerator, PlannedOutput
from vrdata.store.opening import PrefixedStore
from vrdata.store.port import ObjectStore
from vrdata_operator.cluster.port import ClusterError
from vrdata_operator.metrics.counters import Metrics
from vrdata_operator.observe.stores import Stores
from vrdata_operator.reconcile import Reconciler, Turn
from vrdata_operator.settings import Home
from vrdata_operator.state.names import final_job, wave_job

Json = dict[str, Any]
T = TypeVar("T")
BEGIN = 1_800_000_000.0
SYSTEM = "vrdata-system"
DIGEST = "sha256:" + "a" * 64
FIRST, SECOND, FINAL = wave_job("uid-1", 0), wave_job("uid-1", 1), final_job("uid-1")
IMAGE = f"registry.example/worker@{DIGEST}"


class KilledError(BaseException):
    """The operator's process was killed; no code of the operator catches this."""


@dataclass
class Killer:
    """Kills the operator at one of its writes, before or after the write.

    Attributes:
        at: number of the write, from 1; 0 = never.
        late: the write is done and the operator never hears of it.
        writes: names of the writes so far.
    """

    at: int = 0
    late: bool = False
    writes: list[str] = field(default_factory=list)

    def before(self, write: str) -> None:
        self.writes.append(write)
        if len(self.writes) == self.at and not self.late:
            raise KilledError(write)

    def after(self, write: str) -> None:
        if len(self.writes) == self.at and self.late:
            raise KilledError(write)


class WatchedStore(PrefixedStore):
    """The operator's store: the operator can be killed at each write."""

    def __init__(self, store: ObjectStore, killer: Killer) -> None:
        super().__init__(store, "")
        self._killer = killer

    def put_new(self, key: str, body: bytes | Path, *, sha256: str, content_type: str = "") -> bool:
        self._killer.before(f"put {key}")
        done = super().put_new(key, body, sha256=sha256, content_type=content_type)
        self._killer.after(f"put {key}")
        return done


class OneStore(Stores):
    """Every profile's root is one store in memory; work runs in the calling thread."""

    def __init__(self, store: ObjectStore) -> None:
        super().__init__()
        self._only = store

    def root(self, settings: StoreSettings) -> ObjectStore:  # noqa: ARG002 - there is only one
        return self._only

    async def mode(
        self,
        settings: StoreSettings,  # noqa: ARG002 - there is only one
    ) -> Literal["strict", "detect"]:
        return "strict"

    async def call(self, work: Callable[[], T]) -> T:
        return work()


def entry(name: str, generator_class: str = "O", **more: Any) -> CatalogueEntry:
    """A generator of the worker image."""
    found = {"name": name, "class": generator_class, "kind": "builtin", "digest": DIGEST}
    return CatalogueEntry.model_validate(found | more)


ENTRIES = (
    *(entry("O-maze"), entry("O-tiles"), entry("G-ball", "G"), entry("M-lerobot", "M")),
    entry("M-import", "M", kind="converter"),
)


def profile_object(name: str = "default", **spec: Any) -> Json:
    """A GenerationProfile with an image and a bucket."""
    own = {"image": IMAGE, "storage": {"url": "s3://bucket/root"}}
    return {
        "apiVersion": "vrdata.dev/v1alpha1",
        "kind": "GenerationProfile",
        "metadata": {"name": name, "namespace": SYSTEM},
        "spec": own | spec,
    }


def run_object(name: str = "demo", namespace: str = "team", **spec: Any) -> Json:
    """A GenerationRun; by default four shards of O-maze, two of G-ball, parallelism 2."""
    own = {
        "generators": [{"name": "O-maze", "samples": 40}, {"name": "G-ball", "samples": 20}],
        "shardSize": 10,
        "parallelism": 2,
    }
    return {
        "apiVersion": "vrdata.dev/v1alpha1",
        "kind": "GenerationRun",
        "metadata": {"name": name, "namespace": namespace},
        "spec": own | spec,
    }


def small_plan(**samples: int) -> Plan:
    """A plan with one sample in a shard; `O_a=3` is three samples of the O-class generator O-a."""
    return Plan(
        namespace="team",
        run="demo",
        seed=1,
        output=PlannedOutput(format="webdataset", video="h264"),
        generators=tuple(
            PlannedGenerator.model_validate(
                {
                    "name": name.replace("_", "-"),
                    "class": name[0],
                    "digest": DIGEST,
                    "samples": count,
                    "blockSize": 1,
                    "shardBlocks": 1,
                }
            )
            for name, count in samples.items()
        ),
    )


@dataclass
class Life:
    """One operator, one cluster, one store."""

    cluster: FakeCluster = field(default_factory=FakeCluster)
    store: MemoryStore = field(default_factory=MemoryStore)
    now: float = BEGIN
    killer: Killer = field(default_factory=Killer)
    claim: str = ""

    def __post_init__(self) -> None:
        self.workers = Workers(self.cluster, self.store, ENTRIES)
        self.cluster.before, self.cluster.after = self.killer.before, self.killer.after
        self.install(profile_object())
        self.restart()

    def install(self, profile: Json) -> None:
        """Create or change a profile."""
        asyncio.run(self.cluster.apply_profile(profile))

    def restart(self) -> None:
        """The operator is killed; another one starts with empty memory."""
        self.metrics = Metrics()
        self.reconciler = Reconciler(
            self.cluster,
            OneStore(WatchedStore(self.store, self.killer)),
            self.metrics,
            Home(SYSTEM, self.claim),
            lambda: self.now,
        )

    def create(self, run: Json | None = None, uid: str = "uid-1") -> None:
        """`kubectl create`."""
        self.cluster.add_run(run or run_object(), uid)

    def turn(self, name: str = "demo", namespace: str = "team") -> Turn:
        """One turn of the operator, ten seconds after the last; a killed one is replaced."""
        self.now += 10
        try:
            return asyncio.run(self.reconciler.turn(namespace, name))
        except KilledError:
            self.restart()
            return Turn(done=False)
        except ClusterError:  # the handlers try again
            return Turn(done=False)

    def live(
        self,
        until: Callable[[], bool] | None = None,
        name: str = "demo",
        namespace: str = "team",
        turns: int = 60,
    ) -> GenerationRunStatus:
        """Alternate turns and work until a condition is true (default: the run has finished)."""
        ended = until or (lambda: self.status(name, namespace).finished)
        for _ in range(turns):
            self.turn(name, namespace)
            if ended():
                return self.status(name, namespace)
            self.workers.work()
        raise AssertionError(f"not within {turns} turns: {self.status(name, namespace)}")

    def status(self, name: str = "demo", namespace: str = "team") -> GenerationRunStatus:
        """The run's status as the cluster stores it."""
        body = self.cluster.runs[namespace, name]
        return GenerationRunStatus.model_validate(body.get("status") or {})

    def reason(self, kind: Any, name: str = "demo", namespace: str = "team") -> tuple[str, str]:
        """Status and reason of a condition."""
        found = self.condition(kind, name, namespace)
        return found.status, found.reason

    def condition(self, kind: Any, name: str = "demo", namespace: str = "team") -> Condition:
        """A condition of the run, which must have it."""
        found = self.status(name, namespace).condition(kind)
        assert found is not None
        return found

    def asking(self) -> str:
        """Name of the one Job that lists the generators of an image."""
        (name,) = [name for namespace, name in self.cluster.jobs if namespace == SYSTEM]
        return name

    def job(self, name: str, namespace: str = "team") -> Json:
        """A Job of the cluster."""
        return self.cluster.jobs[namespace, name]

    def no_duplicates(self) -> None:
        """Assert that no Job was created twice and no shard was tried twice in one attempt."""
        twice = {key: count for key, count in self.cluster.made.items() if count > 1}
        assert not twice
        tries = Counter((one.shard, one.attempt) for one in self.workers.tries)
        assert not {tried: count for tried, count in tries.items() if count > 1}

    def events(self) -> list[str]:
        """Reasons of the events so far."""
        return [event.reason for event in self.cluster.events]
