"""Keep the staged items of the last converter, as its template is kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from vrdata.contract.messages import StoreWait
from vrdata.plan.planned import PlannedGenerator
from vrdata.plan.sources import ITEMS_SHARE
from vrdata.store.port import ObjectStore
from vrdata_worker.staging.ahead import StagedSource


class CurrentSource:
    """One staged source; a request for another converter replaces it.

    Args:
        store: the run's store.
        scratch: an existing private folder.
        scratch_bytes: scratch space of one block; 0 = what is free.
        tell: receives waits for the source, from any thread.
    """

    def __init__(
        self,
        store: ObjectStore,
        scratch: Path,
        scratch_bytes: int,
        tell: Callable[[StoreWait], None],
    ) -> None:
        self._store = store
        self._scratch = scratch
        self._limit = scratch_bytes // ITEMS_SHARE
        self._tell = tell
        self._current: StagedSource | None = None

    def get(self, planned: PlannedGenerator) -> StagedSource | None:
        """The source of a converter; None for every other generator."""
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
        return self._current

    def close(self) -> None:
        """Remove what is staged."""
        if self._current is not None:
            self._current.close()
            self._current = None
