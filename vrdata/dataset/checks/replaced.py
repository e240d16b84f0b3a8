"""Data that was written after its commit marker: replaced, restored, or copied. It is read once.

What was read and is not damaged is noted in the run, so that a dataset that was copied is not read
again by each command.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

from vrdata.dataset import layout
from vrdata.dataset.checks.damage import DamagedShard, DataListing
from vrdata.dataset.objects import put_model
from vrdata.dataset.reader import load_model
from vrdata.errors import InvalidInputError, VrdataError
from vrdata.model import Model
from vrdata.plan.planned import Shard
from vrdata.store.port import ObjectNotFoundError, ObjectStore


class DataRead(Model):
    """All data objects that were written until then, after their markers, have been read.

    Attributes:
        until: time of the last one, as `ObjectInfo.modified`.
    """

    until: float


def replaced(
    store: ObjectStore, listing: DataListing, written: Mapping[Shard, float | None]
) -> tuple[DamagedShard, ...]:
    """Shards with data that was written after its commit marker and has other bytes.

    Args:
        store: the run's store.
        listing: of its data, which has ended.
        written: when the marker of each committed shard was written.

    Raises:
        DamagedMarkerError: a commit marker that is read is damaged.
        StorageError, StoreAccessError: the store cannot be used.
    """
    late = listing.late(written)
    if not late:
        return ()
    until = _known(store)
    damaged = tuple(listing.replaced(written, until))
    newest = max(listing.modified(shard) for shard in late)
    if not damaged and newest > until:
        _note(store, newest)
    return damaged


def _known(store: ObjectStore) -> float:
    try:
        return load_model(store, layout.DATA_READ, DataRead).until
    except (ObjectNotFoundError, InvalidInputError):
        return 0.0


def _note(store: ObjectStore, until: float) -> None:
    """Replace the note. It only saves reading, so errors are ignored."""
    with contextlib.suppress(VrdataError):
        store.delete(layout.DATA_READ)
        put_model(store, layout.DATA_READ, DataRead(until=until))
