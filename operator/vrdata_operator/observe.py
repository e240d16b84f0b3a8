"""Gather the facts of one run from the cluster and the store."""

from __future__ import annotations

from vrdata_operator.cluster.port import Cluster
from vrdata_operator.facts import Facts, JobEvent, JobFacts, PodFacts
from vrdata_operator.jobs import RunIdentity
from vrdata_operator.ledger import Ledger
from vrdata_operator.memory import RunMemory
from vrdata_operator.names import selector, wave_job
from vrdata_operator.stores import Stores
from vrdata_operator.waves import open_shards

READ_SECONDS = 15.0  # between two listings of the store, when no Job has moved


class Observer:
    """Sees runs.

    Args:
        cluster: Jobs, pods and warnings.
        stores: in whose threads the ledger reads.
    """

    def __init__(self, cluster: Cluster, stores: Stores) -> None:
        self._cluster = cluster
        self._stores = stores

    async def look(
        self, identity: RunIdentity, memory: RunMemory, ledger: Ledger, now: float
    ) -> Facts:
        """The facts now.

        Jobs are read before the store: when a Job has ended, all its markers are seen.

        Raises:
            ClusterError: the API server cannot be used.
            VrdataError: the store cannot be used, or holds another plan's objects.
        """
        jobs = await self._cluster.list_jobs(identity.namespace, identity.uid)
        pods: tuple[PodFacts, ...] = ()
        events: tuple[JobEvent, ...] = ()
        if any(_uneasy(job) for job in jobs.values()):
            pods = await self._cluster.troubled_pods(identity.namespace, selector(identity.uid))
            events = await self._warnings(identity, jobs, pods)
        signature = tuple(
            sorted((job.name, job.completed, job.failed, job.finished) for job in jobs.values())
        )
        if signature != memory.seen or now - memory.read_at >= READ_SECONDS:
            await self._stores.call(lambda: _read(ledger, identity.uid, jobs, pods))
            memory.seen, memory.read_at = signature, now
        return Facts(
            now=now,
            committed=frozenset(ledger.committed),
            totals=dict(ledger.totals),
            waves=ledger.waves,
            jobs=jobs,
            pods=pods,
            events=events,
            failures=dict(ledger.failures),
            dataset_hash=ledger.dataset_hash,
        )

    async def _warnings(
        self, identity: RunIdentity, jobs: dict[str, JobFacts], pods: tuple[PodFacts, ...]
    ) -> tuple[JobEvent, ...]:
        """Warnings about Jobs that should have pods and have none."""
        found: list[JobEvent] = []
        for job in jobs.values():
            if not job.finished and not job.suspended and not job.active and not pods:
                found += await self._cluster.warnings(identity.namespace, job.name)
        return tuple(found)


def _uneasy(job: JobFacts) -> bool:
    """Whether pods of this Job wait, have failed, or are missing."""
    if job.failed or (job.finished and not job.succeeded):
        return True
    return not job.finished and not job.suspended and (job.ready < job.active or not job.active)


def _read(ledger: Ledger, uid: str, jobs: dict[str, JobFacts], pods: tuple[PodFacts, ...]) -> None:
    ledger.refresh()
    ledger.finished()
    open_ = dict(open_shards(ledger.waves, frozenset(ledger.committed)))
    for number, shards in open_.items():
        wave = ledger.waves[number]
        job = jobs.get(wave_job(uid, number))
        if job is None or not (job.failed or job.finished):
            continue
        mine = set(shards)
        missing = [
            index
            for index, shard in enumerate(wave.shards())
            if shard in mine and (job.finished or index in job.failed)
        ]
        words = {pod.index: pod for pod in pods if pod.job == job.name and pod.index is not None}
        ledger.explain(wave, missing, words)
