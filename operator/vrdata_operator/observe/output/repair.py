"""Which shards a repair generates again: one comparison of data objects and markers. Blocking."""

from __future__ import annotations

import time
from collections.abc import Iterator

from vrdata.dataset import layout
from vrdata.dataset.checks.damage import DataListing
from vrdata.dataset.finish.summary import known_bytes
from vrdata.plan.planned import Plan, Shard
from vrdata.store.port import ObjectStore
from vrdata_operator.state.history import History
from vrdata_operator.state.shard_sets import ShardSet


class Repairs:
    """Comparisons of one run, one for each value of the repair annotation.

    Args:
        store: the run's store.
        plan: its plan.
    """

    def __init__(self, store: ObjectStore, plan: Plan) -> None:
        self._store = store
        self._plan = plan
        self._token: str | None = None
        self._first_wave = 0
        self._listing: DataListing | None = None
        self._committed = ShardSet()
        self._rest: Iterator[Shard] = iter(())
        self._found: list[Shard] = []

    def check(
        self,
        committed: ShardSet,
        missing: ShardSet,
        token: str,
        first_wave: int,
        deadline: float,
    ) -> bool:
        """Continue the comparison of this token until it ends or until the deadline.

        Args:
            committed: shards with a commit marker, without those that are generated again.
            missing: shards that are generated again whatever the comparison finds.
            token: value of the repair annotation; empty for a new object over existing data.
            first_wave: number of the next wave.
            deadline: as `time.monotonic` counts.

        Returns:
            Whether the comparison has ended.

        Raises:
            VrdataError: the store cannot be used, or a marker is damaged.
        """
        if token != self._token:
            self._token, self._first_wave, self._found = token, first_wave, list(missing)
            self._listing, self._committed = DataListing(self._store, self._plan), committed
        try:
            if self._listing is not None:
                if not self._listing.read(deadline):
                    return False
                # The listing may have passed the data of shards that were committed since it began.
                known = committed & self._committed
                self._rest, self._listing = self._damaged(self._listing, known), None
            for shard in self._rest:
                self._found.append(shard)
                if time.monotonic() >= deadline:
                    return False
        except BaseException:
            self._token = None
            raise
        return True

    def _damaged(self, listing: DataListing, committed: ShardSet) -> Iterator[Shard]:
        """Shards with missing objects or objects of another size, and those of records."""
        damaged = listing.damaged(committed, known_bytes(self._store))
        found = ShardSet.of(one.shard for one in damaged)
        yield from found
        for info in self._store.list_after(layout.DAMAGED):
            try:
                shard = layout.parse_damaged_key(info.key)
            except ValueError:
                continue
            # Data that was written later was restored.
            restored = info.modified is not None and listing.modified(shard) > info.modified
            if shard in committed and shard not in found and not restored:
                yield shard

    def unassigned(self, history: History) -> ShardSet:
        """Damaged shards that no wave stored since then generates again."""
        found = ShardSet.of(self._found)
        for wave in history.own:
            if wave.repair and wave.wave >= self._first_wave:
                found -= ShardSet.of_wave(wave)
        return found
