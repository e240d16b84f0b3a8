"""Keep the staged items of the last converter or pipeline, as its template is kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from vrdata.model import Model
from vrdata.plan.planned import PlannedGenerator
from vrdata.plan.sources import ITEMS_SHARE
from vrdata.store.port import ObjectStore
from vrdata_worker.staging.ahead import StagedSource
from vrdata_worker.staging.whole.places import StagedPlaces
from vrdata_worker.staging.whole.shared import SharedTrees

SOURCES = "sources"


class CurrentSource:
    """What is staged for one generator; a request for another one replaces it.

    Args:
        store: the run's store.
        scratch: an existing private folder.
        scratch_bytes: scratch space of one block; 0 = what is free.
        tell: receives waits and notices, from any thread.
        shared: folder of sources that the workers of a run share; "" = one in `scratch`.
    """

    def __init__(
        self,
        store: ObjectStore,
        scratch: Path,
        scratch_bytes: int,
        tell: Callable[[Model], None],
        shared: str = "",
    ) -> None:
        self._store = store
        self._scratch = scratch
        self._limit = scratch_bytes // ITEMS_SHARE
        self._tell = tell
        self._shared = Path(shared) if shared else scratch / SOURCES
        self._current: StagedSource | StagedPlaces | None = None

    def get(self, planned: PlannedGenerator) -> StagedSource | StagedPlaces | None:
        """What a converter or a pipeline reads; None for every other generator."""
        if self._current is not None and self._current.planned.name != planned.name:
            self.close()
        if self._current is None and planned.source is not None:
            self._current = StagedSource(
                self._store,
                planned,
                planned.source,
                self._scratch,
                limit=self._limit,
                tell=self._tell,
            )
        if self._current is None and planned.places:
            trees = SharedTrees(self._shared.resolve(), self._limit)
            self._current = StagedPlaces(
                self._store,
                planned,
                trees,
                self._scratch,
                limit=self._limit,
                tell=self._tell,
            )
        return self._current

    def close(self) -> None:
        """Remove what is staged, unless workers share it."""
        if self._current is not None:
            self._current.close()
            self._current = None
