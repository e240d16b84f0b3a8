"""Read the facts of one run from the cluster and the store."""

from __future__ import annotations

import functools
import time
from dataclasses import replace

from vrdata.contract.reasons import WorkerExit
from vrdata.plan.waves import Wave
from vrdata_operator.cluster.port import Cluster
from vrdata_operator.observe.cache import FailedPods, RunMemory
from vrdata_operator.observe.ledger import Ledger
from vrdata_operator.observe.stores import Stores
from vrdata_operator.state.facts import Facts, JobEvent, JobFacts, PodFacts, Reading
from vrdata_operator.state.identity import RunIdentity
from vrdata_operator.state.names import final_job, index_job, last_try, selector, wave_job
from vrdata_operator.state.stored import StoredRun

SLICE_SECONDS = 1.0  # of reading in one turn; the next turn continues
UNREACHABLE_SECONDS = 10.0  # without an answer of a pod's node, before the status names the pod
STUCK_SECONDS = 120.0  # the same for a deleted pod, before its shard is given to another one


class Observer:
    """Observes runs.

    Args:
        cluster: Jobs, pods and warnings.
        stores: in whose threads the ledger reads.
    """

    def __init__(self, cluster: Cluster, stores: Stores) -> None:
        self._cluster = cluster
        self._stores = stores

    async def observe(
        self, stored: StoredRun, memory: RunMemory, ledger: Ledger, now: float
    ) -> Facts:
        """The facts now.

        Jobs are read before the store: when a Job has ended, all its markers are seen.

        Raises:
            ClusterError: the API server cannot be used.
            VrdataError: the store cannot be used, or contains another plan's objects.
        """
        identity = stored.identity
        ledger.request = identity.repair
        listed = await self._cluster.list_jobs(identity.namespace, identity.uid)
        jobs = {
            name: memory.dated(job, now) for name, job in listed.items() if job.task != "resolve"
        }
        pods: tuple[PodFacts, ...] = ()
        events: tuple[JobEvent, ...] = ()
        if any(_lacks_pods(job) for job in jobs.values()):
            pods = await self._cluster.waiting_pods(identity.namespace, selector(identity.uid))
            events = await self._warnings(identity, jobs, pods)
        pods += await self._idle_pods(identity, memory, jobs)
        unreachable = await self._unreachable(identity, memory, jobs, pods, now)
        for job in _finals(identity, jobs):
            if job.finished and not job.succeeded:
                pods += await self._cluster.failed_pods(identity.namespace, job.name)
        jobs |= await self._ended_early(identity, ledger, jobs)
        current = await self._read(stored, memory, ledger, jobs, now)
        return Facts(
            now=now,
            committed=ledger.commits.shards,
            repairing=ledger.repairing(jobs),
            damaged=ledger.damaged(jobs),
            observed_repair=identity.repair,
            totals=dict(ledger.commits.totals),
            dropped=ledger.commits.dropped.all(),
            waves=ledger.waves,
            jobs=jobs,
            pods=pods,
            events=events,
            unreachable=tuple(unreachable),
            stuck=tuple(
                pod
                for pod, since in unreachable.items()
                if pod.terminating and now - since >= STUCK_SECONDS
            ),
            failures=dict(ledger.failures.by_shard),
            failed_at=dict(ledger.failures.at),
            previous=dict(ledger.failures.previous),
            dataset_hash=ledger.outputs.dataset_hash,
            duplicates=ledger.outputs.duplicates,
            nondeterministic=tuple(ledger.differences.objects.values()),
            reading=ledger.reading,
            behind=not current,
        )

    async def _ended_early(
        self, identity: RunIdentity, ledger: Ledger, jobs: dict[str, JobFacts]
    ) -> dict[str, JobFacts]:
        """Jobs of finalisation that have written `_SUCCESS`: they end some seconds later."""
        name = last_try(final_job(identity.uid, identity.repair), jobs)
        if not name or jobs[name].finished:
            return {}
        written = await self._stores.call(lambda: ledger.outputs.written_by(name))
        return {name: replace(jobs[name], finished=True, succeeded=True)} if written else {}

    async def _read(
        self,
        stored: StoredRun,
        memory: RunMemory,
        ledger: Ledger,
        jobs: dict[str, JobFacts],
        now: float,
    ) -> bool:
        """Read the store for at most about SLICE_SECONDS; whether everything new was read."""
        deadline = time.monotonic() + SLICE_SECONDS
        identity, status = stored.identity, stored.status
        # The waves of a run that shows some contain all that it had to generate when it began.
        due = stored.wants_repair or not status.waves
        ledger.finals = frozenset(
            job.name for job in _finals(identity, jobs) if job.finished and _is_followed(job)
        )

        def read() -> tuple[bool, list[tuple[Wave, list[int]]]]:
            current = ledger.refresh(jobs, now, deadline)
            if ledger.reading is not None:
                return current, []
            compared = (
                ledger.check_data(jobs, deadline, finished=status.finished)
                if due and not ledger.finals
                else ledger.check_end(jobs, deadline)
            )
            if not compared:
                ledger.reading = Reading(0, len(ledger.commits.shards))
                return False, []
            return current, ledger.unexplained(jobs)

        current, unexplained = await self._stores.call(read)
        for wave, indexes in unexplained:
            pods = await self._failed_pods(identity, memory, wave, indexes)
            explain = functools.partial(ledger.failures.explain, wave, indexes, pods, now, deadline)
            if not await self._stores.call(explain):
                ledger.reading = Reading(0, len(indexes))
                return False
            del memory.failed_pods[wave.wave]
        return current

    async def _failed_pods(
        self, identity: RunIdentity, memory: RunMemory, wave: Wave, indexes: list[int]
    ) -> dict[int, PodFacts]:
        """Failed pods of a wave by completion index; listed once while they are explained."""
        known = memory.failed_pods.get(wave.wave)
        if known is None or not known.indexes.issuperset(indexes):
            name = wave_job(identity.uid, wave.wave)
            # A large Job keeps thousands of failed pods, so only the new ones are listed.
            pods = await self._cluster.failed_pods(identity.namespace, name, frozenset(indexes))
            ended = {pod.index: pod for pod in pods if pod.index is not None and _counted(pod)}
            known = memory.failed_pods[wave.wave] = FailedPods(frozenset(indexes), ended)
        return known.pods

    async def _idle_pods(
        self, identity: RunIdentity, memory: RunMemory, jobs: dict[str, JobFacts]
    ) -> tuple[PodFacts, ...]:
        """Failed pods that Jobs replace after a pause, while the run has no active pod."""
        idle = {} if any(map(_has_pods, jobs.values())) else dict(filter(_waits, jobs.items()))
        memory.idle = {name: memory.idle[name] for name in idle.keys() & memory.idle.keys()}
        for name, job in idle.items():
            known, _ = memory.idle.get(name, (None, ()))
            if known != job:  # every end of a pod changes its Job
                pods = await self._cluster.failed_pods(identity.namespace, name)
                memory.idle[name] = job, tuple(pod for pod in pods if not _counted(pod))
        return tuple(pod for _, pods in memory.idle.values() for pod in pods)

    async def _unreachable(
        self,
        identity: RunIdentity,
        memory: RunMemory,
        jobs: dict[str, JobFacts],
        pending: tuple[PodFacts, ...],
        now: float,
    ) -> dict[PodFacts, float]:
        """Pods whose node has not answered for UNREACHABLE_SECONDS, and since when.

        The times are the operator's own: a clock of the API server may be wrong.
        """
        waits = {pod.job for pod in pending if pod.phase == "Pending"}
        if not any(_misses_pods(job) and job.name not in waits for job in jobs.values()):
            memory.unreachable.clear()
            return {}
        pods = await self._cluster.unreachable_pods(identity.namespace, selector(identity.uid))
        known = memory.unreachable
        memory.unreachable = {pod.name: min(now, known.get(pod.name, now)) for pod in pods}
        since = {pod: memory.unreachable[pod.name] for pod in pods}
        return {pod: at for pod, at in since.items() if now - at >= UNREACHABLE_SECONDS}

    async def _warnings(
        self, identity: RunIdentity, jobs: dict[str, JobFacts], pods: tuple[PodFacts, ...]
    ) -> tuple[JobEvent, ...]:
        """Warnings about Jobs without the pods that they should have."""
        found: list[JobEvent] = []
        for job in jobs.values():
            waits = any(pod.job == job.name and pod.phase == "Pending" for pod in pods)
            if _wants_pods(job) and not job.active and not waits:
                found += await self._cluster.warnings(identity.namespace, job.name)
        return tuple(found)


def _finals(identity: RunIdentity, jobs: dict[str, JobFacts]) -> list[JobFacts]:
    """The last Job of each stage of finalisation."""
    names = (
        last_try(first(identity.uid, identity.repair), jobs) for first in (index_job, final_job)
    )
    return [jobs[name] for name in names if name]


def _is_followed(job: JobFacts) -> bool:
    """Whether the store is compared after this Job of finalisation: after all but good indexes."""
    return job.task == "finalise" or not job.succeeded


def _lacks_pods(job: JobFacts) -> bool:
    """Whether pods of this Job are waiting or missing."""
    return _wants_pods(job) and (job.ready < job.active or not job.active)


def _wants_pods(job: JobFacts) -> bool:
    return not job.finished and not job.suspended and job.parallelism > 0


def _counted(pod: PodFacts) -> bool:
    """Whether the pod ended an attempt; the Job's podFailurePolicy ignores the others."""
    return pod.phase == "Failed" and not pod.disrupted and pod.exit_code != WorkerExit.PREEMPTED


def _has_pods(job: JobFacts) -> bool:
    return not job.finished and job.active > 0


def _waits(item: tuple[str, JobFacts]) -> bool:
    return item[1].wave is not None and _wants_pods(item[1])


def _misses_pods(job: JobFacts) -> bool:
    """Whether pods of this Job are deleted and have not ended, or do not run."""
    return not job.finished and (job.terminating > 0 or job.ready < job.active)
