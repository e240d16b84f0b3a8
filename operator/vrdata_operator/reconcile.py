"""One turn of a run: observe, decide, apply, write the status. Safe to repeat at any point.

Everything that a turn needs is in the cluster and in the store, so a turn after a crash observes
the same facts and applies the same actions.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from vrdata.api.status import GenerationRunStatus
from vrdata.dataset import layout
from vrdata.dataset.finish.stale import delete_indexes
from vrdata.dataset.objects import put_model
from vrdata.errors import InvalidInputError, OutputConflictError, VrdataError
from vrdata.plan.waves import Wave
from vrdata_operator import logs
from vrdata_operator.cluster.port import Cluster, ClusterError
from vrdata_operator.decide import Action, ApplyJob, DeleteJob, ReshapeJob, StoreWave, decide
from vrdata_operator.metrics.counters import Metrics
from vrdata_operator.observe.cache import RunMemory
from vrdata_operator.observe.run import Viewer
from vrdata_operator.observe.stores import Stores
from vrdata_operator.policy.ttl import expiry
from vrdata_operator.reasons import Reason
from vrdata_operator.settings import Home
from vrdata_operator.state.rejection import Explanation, Rejection
from vrdata_operator.state.run import RunView
from vrdata_operator.state.stored import StoredRun
from vrdata_operator.status.events import RunEvent, transitions
from vrdata_operator.status.rejection import PASSING, blocked, rejected

WRITE_SECONDS = 5.0  # between two writes of one run's status
POLL_SECONDS = 8.0  # until the next turn, when no event wakes the run
SILENT_SECONDS = 5.0  # without an answer of the store, before the status says so
PASSING_SECONDS = 2.0  # the same for a reason that passes within seconds
BLOCKED_SECONDS = 30.0  # the same for a run that waits for an administrator
MAX_EXPIRY_SECONDS = 3600.0  # the same for a finished run that is deleted later

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Turn:
    """What follows a turn.

    Attributes:
        done: the run needs no further turn.
        after: seconds until the next turn, when no event wakes the run.
    """

    done: bool
    after: float = POLL_SECONDS


class Reconciler:
    """Advances runs, one turn at a time; turns of one run never overlap.

    Args:
        cluster: where Jobs are.
        stores: where data is.
        metrics: counts what happens.
        home: the operator's own namespace and volume.
        clock: returns seconds since the epoch.
    """

    def __init__(
        self,
        cluster: Cluster,
        stores: Stores,
        metrics: Metrics,
        home: Home,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._cluster = cluster
        self._stores = stores
        self._metrics = metrics
        self._clock = clock
        self._viewer = Viewer(cluster, stores, metrics, home, clock)
        self._memory: dict[str, RunMemory] = {}
        self._problems = logs.Changes()

    async def turn(self, namespace: str, name: str) -> Turn:
        """Advance one run by one step.

        Raises:
            ClusterError: the API server cannot be used now; try again.
        """
        stored = await self._cluster.get_run(namespace, name)
        if stored is None or stored.deleting:
            return Turn(done=True)
        if stored.status.finished and not stored.wants_repair:
            return await self._expire(stored)
        memory = self._memory.setdefault(stored.uid, RunMemory(stored.uid))
        if stored.status.finished and memory.repair != stored.repair:
            # Nothing that was known before the repair can be relied on.
            memory = self._memory[stored.uid] = RunMemory(stored.uid, stored.repair)
        status = await self._advance(stored, memory)
        turn = await self._write_status(stored, status, memory)
        if memory.behind:
            return replace(turn, after=0.0)
        return turn if memory.due is None else replace(turn, after=min(turn.after, memory.due))

    def forget(self, uid: str) -> None:
        """Drop what is cached of a deleted run."""
        self._memory.pop(uid, None)
        self._problems.is_new(uid, "")

    async def _advance(self, stored: StoredRun, memory: RunMemory) -> GenerationRunStatus:
        """Observe, decide and apply; returns the new status."""
        memory.behind, memory.due, memory.told = False, None, None
        try:
            view = await self._view(stored, memory)
            if isinstance(view, Explanation):
                return self._stopped(stored, view)
            memory.behind = view.facts.behind
            decision = await self._stores.call(lambda: decide(view))
            if memory.ledger is not None and any(
                isinstance(action, StoreWave) for action in decision.actions
            ):
                memory.ledger.waves_changed = True  # even if an action fails
            memory.due = decision.after
            for action in decision.actions:
                await self._apply(view, action)
            logs.follow(view, memory, decision)
            self._problems.is_new(stored.uid, "")
        except OutputConflictError as error:
            await self._delete_jobs(stored)
            return self._rejected(stored, Rejection(Reason.OUTPUT_CONFLICT, _detail(error)))
        except InvalidInputError as error:
            return self._blocked(stored, Explanation(Reason.DAMAGED_OBJECT, _detail(error)))
        except VrdataError as error:
            if self._problems.is_new(stored.uid, str(error)):
                log.warning("%s/%s: %s", stored.namespace, stored.name, error)
            cause = Explanation(Reason.STORAGE_UNAVAILABLE, _detail(error), error.fix)
            return self._blocked(stored, cause)
        except ClusterError as error:
            if error.code not in {403, 422}:
                raise
            return self._blocked(stored, Explanation(Reason.CLUSTER_REFUSED, error.message))
        return decision.status

    async def _view(self, stored: StoredRun, memory: RunMemory) -> RunView | Explanation:
        """Observe; when the store does not answer, say so in the status and wait on."""
        view = asyncio.ensure_future(self._viewer.view(stored, memory))
        try:
            done, _ = await asyncio.wait({view}, timeout=SILENT_SECONDS)
            silent = not done and self._stores.silent(SILENT_SECONDS * 0.9)
            if silent and stored.status.reason != Reason.STORAGE_UNAVAILABLE:
                detail = f"it has not answered for {SILENT_SECONDS:.0f} s"
                status = self._blocked(stored, Explanation(Reason.STORAGE_UNAVAILABLE, detail))
                await self._write_status(stored, status, memory)
                memory.told = status
            return await view
        finally:
            view.cancel()

    def _stopped(self, stored: StoredRun, why: Explanation) -> GenerationRunStatus:
        """A run that cannot start is rejected; one that has begun is blocked for now."""
        if isinstance(why, Rejection):
            return self._rejected(stored, why)
        return self._blocked(stored, why)

    def _rejected(self, stored: StoredRun, rejection: Rejection) -> GenerationRunStatus:
        generation, now = stored.generation, self._clock()
        status = rejected(stored.status, rejection, generation=generation, now=now)
        if not status.finished:
            return status
        return status.model_copy(update={"observed_repair": stored.identity.repair})

    def _blocked(self, stored: StoredRun, cause: Explanation) -> GenerationRunStatus:
        generation, now = stored.generation, self._clock()
        return blocked(stored.status, cause, generation=generation, now=now)

    async def _delete_jobs(self, stored: StoredRun) -> None:
        """Every worker of a run with an output conflict would fail for the same reason."""
        for job in (await self._cluster.list_jobs(stored.namespace, stored.uid)).values():
            if job.owner_uid == stored.uid and not job.finished:
                await self._cluster.delete_job(stored.namespace, job.name)

    async def _apply(self, view: RunView, action: Action) -> None:
        namespace = view.identity.namespace
        match action:
            case StoreWave(wave):
                await self._store_wave(view, wave)
            case ApplyJob(manifest):
                await self._cluster.apply_job(manifest)
            case ReshapeJob(name, shape):
                await self._cluster.reshape_job(
                    namespace,
                    name,
                    parallelism=shape.parallelism,
                    suspend=None if view.identity.queue else shape.suspend,
                )
            case DeleteJob(name):
                await self._cluster.delete_job(namespace, name)

    async def _store_wave(self, view: RunView, wave: Wave) -> None:
        store = self._stores.run(view.config.store, view.config.prefix)
        key = layout.wave_key(wave.wave)
        generators = {span.generator for span in wave.spans}
        await self._stores.call(lambda: delete_indexes(store, generators))
        if not await self._stores.call(lambda: put_model(store, key, wave)):
            raise VrdataError(f"another process wrote {key}", fix="the next turn reads it")

    async def _write_status(
        self, stored: StoredRun, status: GenerationRunStatus, memory: RunMemory
    ) -> Turn:
        """Write a changed status and post its events.

        At most once in WRITE_SECONDS, but the end of a run, or what it waits for, at once.
        """
        now, body = self._clock(), status.to_dict()
        after = _poll_seconds(status)
        before = memory.written or stored.status.to_dict()
        if body == before:
            return Turn(done=False, after=after)
        wait = memory.written_at + WRITE_SECONDS - now
        ends = status.finished and not stored.status.finished
        waits = status.reason not in {"", before.get("reason", "")}
        # A longer wait comes from a clock that was set back since.
        if 0 < wait <= WRITE_SECONDS and not (ends or waits):
            return Turn(done=False, after=wait)
        await self._cluster.apply_status(stored.namespace, stored.name, body)
        memory.written, memory.written_at = body, now
        # The status of a finished run stays while its repair begins.
        ended = status.finished and not stored.awaits_repair(status)
        if ended:
            self._metrics.run_finished(status)
        for event in transitions(memory.told or stored.status, status):
            if memory.admits(event):
                logs.write(stored.identity, logs.transition(event, memory.figures))
                await self._post(stored, event)
        if not ended:
            return Turn(done=False, after=after)
        return Turn(done=stored.ttl is None, after=1.0)

    async def _post(self, stored: StoredRun, event: RunEvent) -> None:
        """A rejected event never stops a run."""
        try:
            await self._cluster.post_event(stored, event)
        except ClusterError as error:
            log.warning("event %s was not written: %s", event.reason, error)

    async def _expire(self, stored: StoredRun) -> Turn:
        """Delete a finished run when its time to live is over; its data is kept."""
        end = expiry(stored.ttl, stored.status)
        if end is None:
            return Turn(done=True)
        remaining = end - self._clock()
        if remaining > 0:
            return Turn(done=False, after=min(remaining, MAX_EXPIRY_SECONDS))
        await self._cluster.delete_run(stored.namespace, stored.name, stored.uid)
        return Turn(done=True)


def _poll_seconds(status: GenerationRunStatus) -> float:
    """Seconds until the next turn, when no event wakes the run."""
    if status.reason in PASSING:
        return PASSING_SECONDS
    return BLOCKED_SECONDS if status.phase == "Pending" and not status.waves else POLL_SECONDS


def _detail(error: VrdataError) -> str:
    return "; ".join(filter(None, (error.what, error.why)))
