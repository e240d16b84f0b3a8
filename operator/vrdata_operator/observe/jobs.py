"""Gather the facts of one run from the cluster and the store."""

from __future__ import annotations

import functools

from vrdata.contract.reasons import WorkerExit
from vrdata_operator.cluster.port import Cluster
from vrdata_operator.observe.cache import RunMemory
from vrdata_operator.observe.ledger import Ledger
from vrdata_operator.observe.stores import Stores
from vrdata_operator.specs.jobs import RunIdentity
from vrdata_operator.state.facts import Facts, JobEvent, JobFacts, PodFacts
from vrdata_operator.state.history import History
from vrdata_operator.state.names import final_job, selector, wave_job

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
            pods = await self._cluster.waiting_pods(identity.namespace, selector(identity.uid))
            events = await self._warnings(identity, jobs, pods)
        final = jobs.get(final_job(identity.uid))
        if final is not None and final.finished and not final.succeeded:
            pods += await self._cluster.failed_pods(identity.namespace, final.name)
        signature = tuple(
            sorted((job.name, job.completed, job.failed, job.finished) for job in jobs.values())
        )
        if signature != memory.seen or now - memory.read_at >= READ_SECONDS:
            await self._read(identity, ledger, jobs)
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
            nondeterministic=tuple(ledger.differences.objects.values()),
        )

    async def _read(self, identity: RunIdentity, ledger: Ledger, jobs: dict[str, JobFacts]) -> None:
        """Read the store, then ask for the pods of those attempts whose end is not known yet."""
        failed = await self._stores.call(lambda: _refresh(ledger, identity.uid, jobs))
        for number, indexes in failed.items():
            name = wave_job(identity.uid, number)
            pods = await self._cluster.failed_pods(identity.namespace, name)
            words = {pod.index: pod for pod in pods if pod.index is not None and _counted(pod)}
            explain = functools.partial(ledger.explain, ledger.waves[number], indexes, words)
            await self._stores.call(explain)

    async def _warnings(
        self, identity: RunIdentity, jobs: dict[str, JobFacts], pods: tuple[PodFacts, ...]
    ) -> tuple[JobEvent, ...]:
        """Warnings about Jobs that should have pods and have none."""
        found: list[JobEvent] = []
        for job in jobs.values():
            waits = any(pod.job == job.name and pod.phase == "Pending" for pod in pods)
            if _wants_pods(job) and not job.active and not waits:
                found += await self._cluster.warnings(identity.namespace, job.name)
        return tuple(found)


def _uneasy(job: JobFacts) -> bool:
    """Whether pods of this Job wait or are missing."""
    return _wants_pods(job) and (job.ready < job.active or not job.active)


def _wants_pods(job: JobFacts) -> bool:
    return not job.finished and not job.suspended and job.parallelism > 0


def _counted(pod: PodFacts) -> bool:
    """Whether the pod ended an attempt; the Job's podFailurePolicy ignores the others."""
    return pod.phase == "Failed" and not pod.disrupted and pod.exit_code != WorkerExit.PREEMPTED


def _refresh(ledger: Ledger, uid: str, jobs: dict[str, JobFacts]) -> dict[int, list[int]]:
    """Read what is new; returns the indexes whose failure is not explained yet, by wave."""
    ledger.refresh()
    ledger.finished()
    failed: dict[int, list[int]] = {}
    open_ = History(ledger.waves, uid).open_shards(frozenset(ledger.committed))
    for number, shards in open_.items():
        wave = ledger.waves[number]
        job = jobs.get(wave_job(uid, number))
        if job is None or not (job.failed or job.finished):
            continue
        mine = set(shards)
        indexes = [
            index
            for index, shard in enumerate(wave.shards())
            if shard in mine
            and (job.finished or index in job.failed)
            and not ledger.explained(shard, wave.attempt)
        ]
        if indexes:
            failed[number] = indexes
    return failed
