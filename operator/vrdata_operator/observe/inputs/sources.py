"""The sources of a run: pinned once by a Job, before the plan; their lists are kept for workers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from vrdata.api.profile import GenerationProfileSpec
from vrdata.api.run import GenerationRunSpec
from vrdata.contract.pod import ResolvePod
from vrdata.contract.reasons import FailureReason
from vrdata.dataset import layout
from vrdata.dataset.discover import require_apart
from vrdata.dataset.objects import put_model
from vrdata.dataset.reader import load_model
from vrdata.errors import InvalidInputError, OutputConflictError
from vrdata.plan.planned import Plan, PlannedGenerator
from vrdata.plan.sources import ITEMS_SHARE, PinnedSources, Places, fits
from vrdata.store.port import ObjectNotFoundError, ObjectStore
from vrdata_operator.cluster.parse import JOB_LABEL
from vrdata_operator.cluster.port import Cluster
from vrdata_operator.observe.cache import RunMemory
from vrdata_operator.observe.stores import Stores
from vrdata_operator.policy.sources import (
    MAX_TASK_BYTES,
    Resolution,
    readers_only,
    sources_of_plan,
)
from vrdata_operator.policy.stalls import why_waiting
from vrdata_operator.reasons import Reason
from vrdata_operator.specs.inputs import resolve_manifest
from vrdata_operator.specs.pods import store_settings
from vrdata_operator.state.facts import JobFacts
from vrdata_operator.state.identity import RunIdentity
from vrdata_operator.state.rejection import Explanation


@dataclass(frozen=True, slots=True)
class Reader:
    """A run that reads sources.

    Attributes:
        plan: the stored one; None = the run has not begun.
        places: what its pipelines read.
    """

    identity: RunIdentity
    spec: GenerationRunSpec
    profile: GenerationProfileSpec
    prefix: str
    plan: Plan | None = None
    places: Places = field(default_factory=dict)


class Sources:
    """Pins sources, and restores the lists of their items.

    Args:
        cluster: where the Jobs run, in the namespace of the run.
        stores: where the pinned sources are.
        clock: returns seconds since the epoch.
    """

    def __init__(self, cluster: Cluster, stores: Stores, clock: Callable[[], float]) -> None:
        self._cluster = cluster
        self._stores = stores
        self._clock = clock

    async def pinned(self, run: Reader, memory: RunMemory) -> PinnedSources | Explanation:
        """The pinned sources of a run, or why they are not known yet.

        Raises:
            VrdataError: the store cannot be used; OutputConflictError: it has those of another run.
            ClusterError: the API server cannot be used, or refuses the Job.
        """
        # Before the store, so that what an ended Job wrote is seen.
        jobs = await self._jobs(run, memory)
        found = await self._stores.call(lambda: _stored(self._store(run), run))
        return found or await self._resolve(run, memory, jobs)

    async def restored(self, run: Reader, memory: RunMemory) -> Explanation | None:
        """Why a run that has begun cannot read its sources; None if no list of items is missing.

        Raises:
            VrdataError, ClusterError: as `pinned`.
        """
        store, plan = self._store(run), run.plan
        if plan is None or not await self._stores.call(lambda: _missing(store, plan)):
            return None
        jobs = await self._jobs(run, memory)
        await self._stores.call(lambda: _stored(store, run))
        if not await self._stores.call(lambda: _missing(store, plan)):
            return None
        return await self._resolve(run, memory, jobs)

    async def _resolve(
        self, run: Reader, memory: RunMemory, jobs: dict[str, JobFacts]
    ) -> Explanation:
        """The next step of pinning: wait for a Job, or create the next one."""
        uid, namespace = run.identity.uid, run.identity.namespace
        step = Resolution(uid, run.profile, jobs, self._clock())
        if step.foreign:
            return Explanation(Reason.JOB_NAME_CONFLICT, f"Job {step.foreign}")
        if step.ended is not None and not step.ended.succeeded:
            pods = await self._cluster.failed_pods(namespace, step.ended.name)
            step = Resolution(uid, run.profile, jobs, step.now, pods)
        if step.running is not None:
            return await self._waits(run, step.running) or step.cause
        if step.failure is not None and step.failure.reason is FailureReason.OUTPUT_CONFLICT:
            raise OutputConflictError(step.failure.message)
        if step.lasting:
            return step.cause
        if step.starts > step.now:
            memory.due = step.starts - step.now
            return step.cause
        return await self._start(run, step)

    async def _waits(self, run: Reader, job: JobFacts) -> Explanation | None:
        """Why a Job has no running pod; None when no problem is known."""
        if job.suspended:
            return Explanation(Reason.WAITING_IN_QUEUE, f"Job {job.name}")
        namespace = run.identity.namespace
        pods = await self._cluster.waiting_pods(namespace, f"{JOB_LABEL}={job.name}")
        cause = why_waiting(pods, await self._cluster.warnings(namespace, job.name))
        if cause is None:
            return None
        return Explanation(cause.reason, f"Job {job.name} cannot start: {cause.detail}", cause.fix)

    async def _start(self, run: Reader, step: Resolution) -> Explanation:
        if run.plan is None:
            root = self._stores.root(store_settings(run.profile.storage))
            await self._stores.call(lambda: require_apart(root, run.prefix))
        spec = readers_only(run.spec, run.places)
        pod = ResolvePod(
            store=store_settings(run.profile.storage),
            prefix=run.prefix,
            spec=spec,
            places=dict(run.places) or None,
            room=run.profile.classes.M.block_scratch_bytes // ITEMS_SHARE,
        )
        size = len(pod.to_json())
        if size > MAX_TASK_BYTES:
            detail = f"the sources take {size} bytes, and a pod reads {MAX_TASK_BYTES}"
            return Explanation(
                Reason.INVALID_SPEC, detail, "Divide them between runs, or use shorter globs"
            )
        manifest = resolve_manifest(run.identity, run.profile, pod, step.number, step.memory)
        await self._cluster.apply_job(manifest)
        for name in step.outdated:
            await self._cluster.delete_job(run.identity.namespace, name)
        # A try that follows a failure does not hide it.
        passing = step.failure is None or step.failure.reason is FailureReason.OUTPUT_CHANGED
        return Explanation(Reason.RESOLVING_SOURCES) if passing else step.cause

    async def _jobs(self, run: Reader, memory: RunMemory) -> dict[str, JobFacts]:
        identity, now = run.identity, self._clock()
        listed = await self._cluster.list_jobs(identity.namespace, identity.uid)
        return {name: memory.dated(job, now) for name, job in listed.items()}

    def _store(self, run: Reader) -> ObjectStore:
        return self._stores.run(store_settings(run.profile.storage), run.prefix)


def _stored(store: ObjectStore, run: Reader) -> PinnedSources | None:
    """The pinned sources; restored from the plan when they were deleted or damaged."""
    try:
        found: PinnedSources | None = load_model(store, layout.SOURCES, PinnedSources)
    except ObjectNotFoundError:
        found = None
    except InvalidInputError:
        store.delete(layout.SOURCES)
        found = None
    if found is None and run.plan is not None:
        found = sources_of_plan(run.plan, run.spec)
        if found is not None:
            put_model(store, layout.SOURCES, found)
    if found is not None and not fits(found, run.spec, run.places):
        raise OutputConflictError(
            f"{store.url} already has the sources of another run; nothing was changed"
        )
    return found


def _missing(store: ObjectStore, plan: Plan) -> bool:
    """Whether a list of items is missing, which workers need."""
    there = {info.key for info in store.list_after(layout.ITEMS)}
    return any(not _lists(one) <= there for one in plan.generators)


def _lists(planned: PlannedGenerator) -> set[str]:
    """The keys of the lists that the workers of a generator read."""
    found = {layout.place_key(planned.name, at) for at in range(len(planned.places))}
    return found if planned.source is None else found | {layout.items_key(planned.name)}
