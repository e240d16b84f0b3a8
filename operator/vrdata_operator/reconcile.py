"""One turn of a run: observe, decide, act, say. Level-triggered and safe to repeat.

Everything it needs is in the cluster and in the store, so a turn after a crash at any point
finds the same facts and takes the same step.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from vrdata.api.status import GenerationRunStatus
from vrdata.dataset import layout
from vrdata.dataset.objects import put_model
from vrdata.errors import OutputConflictError, VrdataError
from vrdata_operator.cluster.port import Cluster, ClusterError, RunEvent
from vrdata_operator.decide import Action, ApplyJob, DeleteJob, ReshapeJob, StoreWave, decide
from vrdata_operator.metrics.counters import Metrics
from vrdata_operator.observe.cache import RunMemory
from vrdata_operator.observe.run import Viewer
from vrdata_operator.observe.stores import Stores
from vrdata_operator.policy.admission import Rejection
from vrdata_operator.settings import Home
from vrdata_operator.state.run import RunView
from vrdata_operator.status.conditions import seconds
from vrdata_operator.status.events import MAX_EVENTS, transitions
from vrdata_operator.status.refused import PASSING, rejected, troubled

WRITE_SECONDS = 5.0  # between two writes of one run's status
LOOK_SECONDS = 10.0  # until the next turn, when nothing wakes
SOON_SECONDS = 2.0  # the same for what is over in a moment
WAIT_SECONDS = 30.0  # the same for a run that waits for an administrator

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Turn:
    """What follows a turn: is there anything left to do, and when at the latest."""

    done: bool
    after: float = LOOK_SECONDS


class Reconciler:
    """Brings runs forward, one turn at a time; turns of one run never overlap.

    Args:
        cluster: where Jobs are.
        stores: where data is.
        metrics: told what is counted.
        home: where the operator lives.
        clock: seconds since the epoch.
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

    async def turn(self, namespace: str, name: str) -> Turn:
        """Bring one run a step forward.

        Raises:
            ClusterError: the API server cannot be used now; try again.
        """
        body = await self._cluster.get_run(namespace, name)
        if body is None or body["metadata"].get("deletionTimestamp"):
            return Turn(done=True)
        memory = self._remember(body["metadata"]["uid"])
        status = GenerationRunStatus.model_validate(body.get("status") or {})
        if status.finished:
            return await self._expire(body, status)
        new = await self._next(body, status, memory)
        turn = await self._say(body, status, new, memory)
        return replace(turn, after=0.0) if memory.behind else turn

    def forget(self, uid: str) -> None:
        """Drop what is remembered of a run that is gone."""
        self._memory.pop(uid, None)

    def _remember(self, uid: str) -> RunMemory:
        return self._memory.setdefault(uid, RunMemory(uid))

    async def _next(
        self, body: dict[str, Any], status: GenerationRunStatus, memory: RunMemory
    ) -> GenerationRunStatus:
        """Take the step; returns the status that follows."""
        generation, now = int(body["metadata"].get("generation", 0)), self._clock()
        memory.behind = False
        try:
            found = await self._viewer.view(body, status, memory)
            if isinstance(found, Rejection):
                return rejected(status, found, generation=generation, now=now)
            memory.behind = found.facts.behind
            decision = await self._stores.call(lambda: decide(found))
            if memory.ledger is not None and any(
                isinstance(action, StoreWave) for action in decision.actions
            ):
                memory.ledger.waves_changed = True  # even if not all of them are stored
            for action in decision.actions:
                await self._act(found, action)
        except OutputConflictError as error:
            await self._end_jobs(body)
            conflict = Rejection("OutputConflict", _text(error))
            return rejected(status, conflict, generation=generation, now=now)
        except VrdataError as error:
            log.warning("%s: %s", body["metadata"]["name"], error)
            return troubled(
                status, "StorageUnavailable", _text(error), generation=generation, now=now
            )
        except ClusterError as error:
            if error.code not in {403, 422}:
                raise
            return troubled(status, "ClusterRefused", error.message, generation=generation, now=now)
        return decision.status

    async def _end_jobs(self, body: dict[str, Any]) -> None:
        """Stop what would only find out the same."""
        namespace, uid = body["metadata"]["namespace"], body["metadata"]["uid"]
        for job in (await self._cluster.list_jobs(namespace, uid)).values():
            if job.owner_uid == uid and not job.finished:
                await self._cluster.delete_job(namespace, job.name)

    async def _act(self, view: RunView, action: Action) -> None:
        namespace = view.identity.namespace
        match action:
            case StoreWave(wave):
                store = self._stores.run(view.config.store, view.config.prefix)
                key = layout.wave_key(wave.wave)
                if not await self._stores.call(lambda: put_model(store, key, wave)):
                    raise VrdataError(f"{key} was written by somebody else; looking again")
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

    async def _say(
        self,
        body: dict[str, Any],
        old: GenerationRunStatus,
        new: GenerationRunStatus,
        memory: RunMemory,
    ) -> Turn:
        """Write the status when it changed, at most once in WRITE_SECONDS; then tell people."""
        now, written = self._clock(), new.to_dict()
        after = _patience(new)
        if written == (memory.written or old.to_dict()):
            return Turn(done=False, after=after)
        wait = memory.written_at + WRITE_SECONDS - now
        if wait > 0:
            return Turn(done=False, after=wait)
        metadata = body["metadata"]
        await self._cluster.apply_status(metadata["namespace"], metadata["name"], written)
        memory.written, memory.written_at = written, now
        if new.finished:
            self._metrics.run_finished(memory.uid, new)
        for event in transitions(old, new):
            await self._post(body, event, memory)
        if not new.finished:
            return Turn(done=False, after=after)
        return Turn(done=body["spec"].get("ttlSecondsAfterFinished") is None, after=1.0)

    async def _post(self, body: dict[str, Any], event: RunEvent, memory: RunMemory) -> None:
        """Events are best effort: a run never fails for one. The last one tells its end."""
        ends = event.reason in {"Succeeded", "Failed"}
        if memory.events >= (MAX_EVENTS if ends else MAX_EVENTS - 1):
            return
        memory.events += 1
        try:
            await self._cluster.post_event(body, event)
        except ClusterError as error:
            log.warning("event %s was not written: %s", event.reason, error)

    async def _expire(self, body: dict[str, Any], status: GenerationRunStatus) -> Turn:
        """Remove a finished run whose time is over; its data stays."""
        ttl = body["spec"].get("ttlSecondsAfterFinished")
        if ttl is None or status.completion_time is None:
            return Turn(done=True)
        left = seconds(status.completion_time) + ttl - self._clock()
        if left > 0:
            return Turn(done=False, after=min(left, 3600.0))
        metadata = body["metadata"]
        await self._cluster.delete_run(metadata["namespace"], metadata["name"], metadata["uid"])
        return Turn(done=True)


def _patience(status: GenerationRunStatus) -> float:
    """Seconds until the next turn, when nothing wakes."""
    if status.reason in PASSING:
        return SOON_SECONDS
    return WAIT_SECONDS if status.phase == "Pending" and not status.waves else LOOK_SECONDS


def _text(error: VrdataError) -> str:
    return "; ".join(part for part in (error.what, error.why, error.fix) if part)
