"""Which committed shards have lost data: one comparison of data objects and markers. Blocking."""

from __future__ import annotations

import time
from collections.abc import Iterator

from vrdata.dataset.verify.damage import DamagedShard, damaged_shards
from vrdata.plan.planned import Plan, Shard
from vrdata.store.port import ObjectStore
from vrdata_operator.state.history import History
from vrdata_operator.state.shard_sets import ShardSet


class RepairCheck:
    """One comparison, in slices.

    Args:
        store: the run's store.
        plan: its plan.
        committed: shards with a commit marker.
        token: value of the repair annotation; empty for a new object over existing data.
        first_wave: number of the next wave: a repair of what is found has this one or a later one.
    """

    def __init__(
        self, store: ObjectStore, plan: Plan, committed: ShardSet, token: str, first_wave: int
    ) -> None:
        self.token = token
        self._first_wave = first_wave
        self._damaged: Iterator[DamagedShard] | None = damaged_shards(store, plan, committed)
        self._found: list[Shard] = []

    def advance(self, deadline: float) -> bool:
        """Continue until the end or the deadline; whether the comparison has ended.

        Args:
            deadline: as `time.monotonic` counts.

        Raises:
            VrdataError: the store cannot be used, or a marker is damaged.
        """
        for damaged in self._damaged or ():
            self._found.append(damaged.shard)
            if time.monotonic() >= deadline:
                return False
        self._damaged = None
        return True

    def unassigned(self, history: History) -> ShardSet:
        """Damaged shards that no wave stored since then generates again."""
        found = ShardSet.of(self._found)
        for wave in history.own:
            if wave.repair and wave.wave >= self._first_wave:
                found -= ShardSet.of_wave(wave)
        return found
