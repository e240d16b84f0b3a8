"""Compare a run with its plan before it is called finished: markers, data objects, indexes."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping

from vrdata.contract.records import DamageRecord
from vrdata.dataset import layout
from vrdata.dataset.checks.damage import DamagedShard, DataListing
from vrdata.dataset.checks.replaced import replaced
from vrdata.dataset.finish.shards import IncompleteRunError, committed_shards
from vrdata.dataset.objects import put_model
from vrdata.errors import VrdataError
from vrdata.plan.planned import Plan, Shard
from vrdata.store.port import ObjectStore
from vrdata.text import count


class Comparison:
    """One listing of markers and one of data objects; data written after its marker is read.

    Five listings when nothing is wrong. What is found is also stored in `_vrdata/damaged/`, from
    where the operator takes it.

    Args:
        store: the run's store.
        plan: its plan.

    Raises:
        IncompleteRunError: a shard is not committed, or its data was replaced by other bytes.
        OutputConflictError: there are commit markers of other shards.
        DamagedMarkerError: a commit marker is damaged.
        StorageError, StoreAccessError: the store cannot be used.
    """

    def __init__(self, store: ObjectStore, plan: Plan) -> None:
        self._written = committed_shards(store, plan)
        self._listing = DataListing(store, plan)
        self._listing.read()
        damaged = replaced(store, self._listing, self._written)
        _store_damage(store, damaged)
        _refuse(damaged)
        _delete_older_indexes(store, self._written)

    def require_whole(self, known: Mapping[str, int]) -> None:
        """Compare the listing with the bytes of each generator's data.

        Args:
            known: these bytes, by generator, as the commit markers say.

        Raises:
            As the class.
        """
        _refuse(tuple(self._listing.damaged(self._written.keys(), known)))


def _refuse(damaged: tuple[DamagedShard, ...]) -> None:
    if damaged:
        raise IncompleteRunError(
            f"the data of {count(len(damaged), 'shard')} is missing or damaged; "
            f"the first: {damaged[0].what}"
        )


def _store_damage(store: ObjectStore, damaged: Iterable[DamagedShard]) -> None:
    """Replace the records of the finalisation before; they only help, so errors are ignored."""
    with contextlib.suppress(VrdataError):
        for info in list(store.list_after(layout.DAMAGED)):
            store.delete(info.key)
        for one in damaged:
            generator, shard = one.shard
            record = DamageRecord(generator=generator, shard=shard, what=one.what)
            put_model(store, layout.damaged_key(generator, shard), record)


def _delete_older_indexes(store: ObjectStore, written: Mapping[Shard, float | None]) -> None:
    """Delete each index that a commit marker is newer than: the marker was replaced."""
    newest: dict[str, float] = {}
    for shard, at in written.items():
        newest[shard.generator] = max(newest.get(shard.generator, 0.0), at or 0.0)
    keys = {layout.index_key(generator): at for generator, at in newest.items()}
    for info in list(store.list_after(layout.INDEX)):
        if info.modified is not None and info.modified < keys.get(info.key, 0.0):
            store.delete(info.key)
