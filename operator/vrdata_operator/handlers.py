"""kopf handlers: start, wake and stop the turns of each run. No decisions are made here."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from dataclasses import replace
from typing import Any

import kopf
from kopf._cogs.structs.references import Insights  # an argument of kopf.run

from vrdata_operator.cluster.adapter import KubernetesCluster
from vrdata_operator.cluster.port import ClusterError
from vrdata_operator.cluster.rest import Rest
from vrdata_operator.health import Health
from vrdata_operator.logs import Changes
from vrdata_operator.metrics.counters import Metrics
from vrdata_operator.observe.stores import Stores
from vrdata_operator.reconcile import Reconciler
from vrdata_operator.serving import Serving
from vrdata_operator.settings import Settings
from vrdata_operator.state import names
from vrdata_operator.state.stored import StoredRun

SPACING_SECONDS = 1.0  # between the starts of two turns of one run
BEHIND_SECONDS = 0.1  # the same when the first turn could not read everything
RETRY_SECONDS = 5.0  # after a request to the API server failed
IDLE_SECONDS = 60.0  # between two checks of a run that has ended and is still watched
STOP_SECONDS = 0.5  # for a turn in progress to end
CANCEL_SECONDS = 10.0  # for a daemon to end, after which kopf continues without it
START_TRIES = 30  # of one profile, before the process exits and the kubelet restarts it
START_SECONDS = 2.0  # between two tries

log = logging.getLogger(__name__)


class Operator:
    """The running operator: its clients, and the event that wakes each run."""

    def __init__(
        self, settings: Settings, metrics: Metrics, stores: Stores, health: Health
    ) -> None:
        self.settings = settings
        self.metrics = metrics
        self.rest = Rest(metrics.kube_request)
        self.cluster = KubernetesCluster(self.rest, settings.home.namespace)
        self.reconciler = Reconciler(self.cluster, stores, metrics, settings.home)
        self.insights = Insights()
        self.stop = asyncio.Event()
        self.restarts = False
        self.serving = Serving(self.rest, settings.watch, health, self._resolved, self.restart)
        self._watcher: asyncio.Task[None] | None = None
        self._problems = Changes()
        self._wakers: dict[str, asyncio.Event] = {}  # by UID of the run

    async def start(self) -> None:
        """Connect, and apply the profiles of the chart.

        Raises:
            PermanentError: there is no cluster, or it rejects a profile.
        """
        try:
            await self._start()
        except ClusterError as error:
            raise kopf.PermanentError(str(error)) from None

    async def _start(self) -> None:
        await self.rest.open()
        self._watcher = asyncio.create_task(self.serving.run(), name="serving")
        await self.serving.available.wait()
        for manifest in self.settings.manifests():
            await self._apply(manifest)

    async def close(self) -> None:
        """End the connections and what still waits."""
        self.stop.set()
        if self._watcher is not None:
            self._watcher.cancel()
        await self.rest.close()

    def restart(self, why: str) -> None:
        """Stop kopf; `__main__` starts it again."""
        if not self.restarts:
            log.warning("restarting: %s", why)
        self.restarts = True
        self.stop.set()

    def _resolved(self) -> bool | None:
        """Whether kopf watches runs; None while it is starting."""
        if not self.insights.ready_resources.is_set():
            return None
        return any(one.plural == names.RUNS for one in self.insights.watched_resources)

    async def _apply(self, manifest: dict[str, Any]) -> None:
        """Apply a profile; its CRD may be as new as the operator, so retry for a while."""
        name = manifest["metadata"]["name"]
        for retries in reversed(range(START_TRIES)):
            try:
                await self.cluster.apply_profile(manifest)
            except ClusterError as error:
                log.warning("profile %s: %s", name, error)
                if not retries:
                    raise ClusterError(error.code, f"profile {name}: {error.message}") from None
            else:
                return
            await asyncio.sleep(START_SECONDS)

    async def serve(self, namespace: str, name: str, uid: str, stopped: kopf.DaemonStopped) -> None:
        """Run turn after turn until the run needs no further turn, or kopf stops the daemon.

        A turn that still runs a moment after that is cancelled, for example because the store does
        not answer. Every turn can be repeated at any point.
        """
        event = self._wakers.setdefault(uid, asyncio.Event())
        stop = asyncio.ensure_future(stopped.wait(None))
        try:
            while not stop.done():
                event.clear()
                started = time.monotonic()
                done, after = await self._turn_until(stop, namespace, name, uid)
                if done:
                    return
                # A turn that has more to read now continues; only events need the long spacing.
                spacing = SPACING_SECONDS if after else BEHIND_SECONDS
                rest = spacing - (time.monotonic() - started)
                await asyncio.wait({stop}, timeout=max(0.0, rest))
                await _either(stop, event, after)
        finally:
            stop.cancel()

    async def _turn_until(
        self, stop: asyncio.Future[Any], namespace: str, name: str, uid: str
    ) -> tuple[bool, float]:
        turn = asyncio.create_task(self._turn(namespace, name))
        try:
            await asyncio.wait({turn, stop}, return_when=asyncio.FIRST_COMPLETED)
            if not turn.done():
                await asyncio.wait({turn}, timeout=STOP_SECONDS)
            return turn.result() if turn.done() else (True, 0.0)
        finally:
            if not turn.done():
                turn.cancel()
                # Its thread may still use what is cached, so another turn reads everything again.
                self.reconciler.forget(uid)

    async def _turn(self, namespace: str, name: str) -> tuple[bool, float]:
        started, result = time.monotonic(), "error"
        try:
            turn = await self.reconciler.turn(namespace, name)
            result = "ok"
        except ClusterError as error:
            if self._problems.is_new(f"{namespace}/{name}", str(error)):
                log.warning("%s/%s: %s", namespace, name, error)
            return False, RETRY_SECONDS
        finally:
            self.metrics.turn(result, time.monotonic() - started)
        self._problems.is_new(f"{namespace}/{name}", "")
        return turn.done, turn.after

    def wake(self, uid: str) -> None:
        """Start the run's next turn now, because the run or one of its Jobs changed."""
        if uid in self._wakers:
            self._wakers[uid].set()

    def forget(self, namespace: str, name: str, uid: str) -> None:
        """Drop everything that is cached of a deleted run."""
        self.metrics.runs.remove(namespace, name, uid)
        self.reconciler.forget(uid)
        self.serving.forget(uid)
        self._wakers.pop(uid, None)


async def _either(stop: asyncio.Future[Any], event: asyncio.Event, seconds: float) -> None:
    """Wait for one of both, at most so long."""
    waiter = asyncio.ensure_future(event.wait())
    await asyncio.wait({stop, waiter}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    waiter.cancel()


def unfinished(body: kopf.Body, **_: Any) -> bool:
    """Whether a run needs the operator: it has not ended, is repaired, or is deleted later."""
    stored = StoredRun.parse(body)
    return not stored.status.finished or stored.wants_repair or stored.ttl is not None


def register(registry: kopf.OperatorRegistry, operator: Operator) -> None:
    """Tell kopf what to watch."""

    @kopf.on.startup(registry=registry, id="start")
    async def start(settings: kopf.OperatorSettings, **_: Any) -> None:
        configure(settings)
        await operator.start()

    @kopf.on.login(registry=registry, id="login")
    def login(**kwargs: Any) -> kopf.ConnectionInfo | None:
        account = kopf.login_with_service_account(**kwargs)
        host = os.environ.get("KUBERNETES_SERVICE_HOST", "")
        if account is None or not host:
            return kopf.login_with_kubeconfig(**kwargs)
        # The address in the pod's environment works without the cluster's DNS.
        name = f"[{host}]" if ":" in host else host
        port = os.environ.get("KUBERNETES_SERVICE_PORT", "443")
        return replace(account, server=f"https://{name}:{port}")

    @kopf.on.cleanup(registry=registry, id="stop")
    async def stop(**_: Any) -> None:
        await operator.close()

    @kopf.daemon(
        names.GROUP,
        names.VERSION,
        names.RUNS,
        registry=registry,
        id="serve",
        when=unfinished,
        backoff=RETRY_SECONDS,
        cancellation_backoff=CANCEL_SECONDS,
        cancellation_timeout=CANCEL_SECONDS,
    )
    async def serve(
        namespace: str | None, name: str, uid: str, stopped: kopf.DaemonStopped, **_: Any
    ) -> None:
        # kopf starts a daemon again, for a repair, only if it was stopped and did not return. A
        # repair that is asked for in the moment when the run ends does not even stop it.
        while not stopped:
            await operator.serve(namespace or "", name, uid, stopped)
            await stopped.wait(IDLE_SECONDS)

    @kopf.on.event(names.GROUP, names.VERSION, names.RUNS, registry=registry, id="see")
    async def see(type: str | None, body: kopf.Body, **_: Any) -> None:  # noqa: A002 - kopf's name
        # First of all: an object that cannot be parsed was reported, too.
        operator.serving.see(body["metadata"]["uid"], body["metadata"].get("resourceVersion", ""))
        stored = StoredRun.parse(body)
        if type == "DELETED":
            operator.forget(stored.namespace, stored.name, stored.uid)
            return
        operator.metrics.runs.set(stored)
        operator.wake(stored.uid)

    @kopf.on.event(
        "batch",
        "v1",
        "jobs",
        registry=registry,
        id="wake",
        labels={names.RUN_UID_LABEL: kopf.PRESENT},
    )
    async def wake(labels: kopf.Labels, **_: Any) -> None:
        operator.wake(labels[names.RUN_UID_LABEL])


def configure(settings: kopf.OperatorSettings) -> None:
    """Set kopf's options; the comments give the reason of each."""
    settings.persistence.finalizer = names.FINALIZER
    settings.peering.standalone = True  # one replica; two peers of equal priority pause each other
    settings.scanning.disabled = True  # needs permissions on CRDs and namespaces
    settings.posting.enabled = False  # the operator writes its own events, on transitions
    settings.watching.connect_timeout = 30
    settings.watching.server_timeout = 300
    settings.watching.client_timeout = 310
    settings.watching.chunk_size = 500
    settings.networking.request_timeout = 30
    # kopf waits so long for a stopped daemon before it turns to polling, with seconds of delay.
    settings.background.instant_exit_timeout = 2 * STOP_SECONDS
    # Without the selector kopf streams every Job in scope and filters here.
    settings.watching.label_selectors["batch", "v1", "jobs"] = names.JOB_SELECTOR
