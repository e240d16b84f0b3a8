"""Write missing or damaged data objects of a committed shard again.

The commit marker does not change: it records the correct bytes. If the new bytes of the shard
differ, nothing is written.
"""

from __future__ import annotations

from collections.abc import Sequence

from vrdata.contract.reasons import FailureReason
from vrdata.dataset.checks.dropped import dropped_groups
from vrdata.dataset.commits import read_head
from vrdata.dataset.formats.base import PendingObject
from vrdata.store.port import ObjectStore
from vrdata_worker.commit import Committed, different_object, put_new
from vrdata_worker.draft import MarkerDraft
from vrdata_worker.failures import ShardFailedError


def restore(store: ObjectStore, draft: MarkerDraft, pending: Sequence[PendingObject]) -> Committed:
    """Replace the shard's missing and damaged objects; intact ones stay.

    Args:
        store: the run's store.
        draft: describes `pending`.
        pending: all data objects of the shard, as local files.

    Raises:
        ShardFailedError: a new object differs from its commit marker; nothing was changed.
        ObjectNotFoundError, DamagedMarkerError: the shard has no usable commit marker.
        StorageError, StoreAccessError: the store cannot be used.
        FileChangedError: a local file differs from its description in `pending`.
    """
    manifest = draft.manifest
    existing = read_head(store, manifest.generator, manifest.shard)
    different = different_object(store, draft, existing)
    if different or manifest.samples != existing.samples or manifest.files != existing.files:
        raise ShardFailedError(
            FailureReason.NOT_DETERMINISTIC,
            f"{different or 'the shard'} now has bytes that differ from its commit marker, so "
            "the damaged data was not replaced: the generator is not deterministic, or what it "
            "depends on has changed",
        )
    for item in pending:
        _replace(store, item)
    dropped = tuple(dropped_groups(existing))
    counts = existing.samples, existing.failed_samples, existing.bytes
    return Committed(*counts, dropped, already=True)


def _replace(store: ObjectStore, item: PendingObject) -> None:
    info = store.head(item.key)
    if info is not None:
        if info.size == item.size and info.sha256 in (None, item.sha256):
            return
        store.delete(item.key)
    put_new(store, item)
