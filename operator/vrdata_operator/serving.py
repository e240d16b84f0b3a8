"""Compare what kopf serves with what the API server has; find out when they differ.

kopf resolves custom resources once, when it starts: without permission to watch
CustomResourceDefinitions it never serves one that is created later. So this watches by itself, and
asks for a new start of kopf.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Protocol

from vrdata.text import count
from vrdata_operator.cluster import paths
from vrdata_operator.cluster.port import ClusterError
from vrdata_operator.health import Health
from vrdata_operator.logs import Changes
from vrdata_operator.state.names import GROUP, PROFILES, RUNS

TICK_SECONDS = 2.0  # between two requests for the resources that the API server has
START_SECONDS = 0.5  # the same until kopf has started
LIST_TICKS = 5  # ticks between two lists of runs
MISSES = 3  # lists in a row with the same events that kopf did not see: it sees none any more
DISCOVERY = "discovery"  # instead of a resource, in metrics of requests

log = logging.getLogger(__name__)


class Server(Protocol):
    """The requests that are sent; `cluster.rest.Rest` implements it."""

    async def get(self, path: str, resource: str, **query: str | int) -> dict[str, Any] | None:
        """An object or a list; None when it is not there."""
        ...

    async def versions(self, path: str, resource: str) -> dict[str, str]:
        """Resource versions of a list's objects, by UID."""
        ...


class Serving:
    """Watches whether runs are served.

    Args:
        server: the API server.
        watch: namespaces whose runs are served; empty = all.
        health: receives whether runs are served.
        resolved: whether kopf serves the resource of runs; None = kopf is still starting.
        restart: called once with the reason, when kopf must start again.

    Attributes:
        available: set when the API server has the resources, so that kopf can start.
    """

    def __init__(
        self,
        server: Server,
        watch: tuple[str, ...],
        health: Health,
        resolved: Callable[[], bool | None],
        restart: Callable[[str], None],
    ) -> None:
        self._server = server
        self._watch = watch
        self._health = health
        self._resolved = resolved
        self._restart = restart
        self._seen: dict[str, str] = {}
        self._unseen: dict[str, str] = {}
        self._misses = 0
        self._was_missing = False
        self._told = False
        self._problems = Changes()  # until turns of runs report them
        self.available = asyncio.Event()

    def see(self, uid: str, version: str) -> None:
        """Kopf reported this version of a run."""
        self._seen[uid] = version

    def forget(self, uid: str) -> None:
        """Kopf reported that a run is deleted."""
        self._seen.pop(uid, None)

    async def run(self) -> None:
        """Watch until cancelled."""
        ticks = 0
        while True:
            self._health.beat()
            try:
                await self.check(lists=ticks % LIST_TICKS == 0)
            except ClusterError as error:
                self._health.serves(f"the API server cannot be used: {error}")
                if not self.available.is_set() and self._problems.is_new("", str(error)):
                    log.warning("starting: the API server cannot be used: %s", error)
            ticks += 1
            await asyncio.sleep(TICK_SECONDS if self._resolved() else START_SECONDS)

    async def check(self, *, lists: bool = False) -> None:
        """Compare once.

        Args:
            lists: also compare the runs.

        Raises:
            ClusterError: the API server cannot be used.
        """
        missing = await self._missing()
        if missing:
            self._note_missing(missing)
            return
        resolved = self._resolved()
        if self.available.is_set() and (self._was_missing or resolved is False):
            self._restart(f"the resource {RUNS}.{GROUP} was created again")
        self._was_missing = False
        self.available.set()
        if not resolved:
            self._health.serves("it is starting")
            return
        if not self._told:
            log.info("runs are served in %s", ", ".join(self._watch) or "all namespaces")
            self._told = True
        if lists:
            await self._compare()
        self._health.serves("changes of runs were not noticed" if self._misses > 1 else "")
        if self._misses >= MISSES:
            self._restart(f"changes of {count(len(self._unseen), 'run')} were not noticed")

    async def _missing(self) -> str:
        """A resource that the API server does not have; empty = it has both."""
        found = await self._server.get(paths.OURS, DISCOVERY) or {}
        served = {str(one.get("name")) for one in found.get("resources") or ()}
        return next((f"{name}.{GROUP}" for name in (RUNS, PROFILES) if name not in served), "")

    def _note_missing(self, missing: str) -> None:
        if not self._was_missing:
            log.error("no run is served: the API server has no resource %s; waiting", missing)
        self._was_missing = True
        self._health.serves(f"the API server has no resource {missing}; see crds.enabled")

    async def _compare(self) -> None:
        """Find versions of runs that kopf should have reported since the last comparison."""
        listed: dict[str, str] = {}
        for namespace in self._watch or ("",):
            listed |= await self._server.versions(paths.runs(namespace), RUNS)
            self._health.beat()
        unseen = {uid: one for uid, one in listed.items() if self._seen.get(uid) != one}
        lasting = dict(unseen.items() & self._unseen.items())
        # While fewer and fewer are left, kopf is only late, for example just after its start.
        stands = bool(lasting) and len(lasting) == len(self._unseen)
        self._misses = self._misses + 1 if stands else bool(unseen)
        self._unseen = lasting or unseen
