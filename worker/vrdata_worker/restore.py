"""Write missing or damaged data objects of a committed shard again.

The commit marker does not change: it records the correct bytes. If the new bytes of the shard
differ, nothing is written.
"""

from __future__ import annotations

from collections.abc import Sequence

from vrdata.contract.reasons import FailureReason
from vrdata.dataset import layout
from vrdata.dataset.checks.dropped import dropped_groups
from vrdata.dataset.commits import read_head
from vrdata.dataset.formats.base import PendingObject
from vrdata.store.port import ObjectInfo, ObjectStore
from vrdata.store.streaming import sha256_object
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
    marker = store.head(layout.commit_key(manifest.generator, manifest.shard))
    written = marker.modified if marker is not None else None
    for item in pending:
        _replace(store, item, written)
    dropped = tuple(dropped_groups(existing))
    counts = existing.samples, existing.failed_samples, existing.bytes
    return Committed(*counts, dropped, already=True)


def _replace(store: ObjectStore, item: PendingObject, written: float | None) -> None:
    """Write an object, unless the stored one has its bytes.

    Args:
        written: when the commit marker was written. What the store recorded of a later object is
            not trusted: it replaced the object of the marker.
    """
    info = store.head(item.key)
    if info is not None:
        if info.size == item.size and _digest(store, info, written) == item.sha256:
            return
        store.delete(item.key)
    put_new(store, item)


def _digest(store: ObjectStore, info: ObjectInfo, written: float | None) -> str:
    trusted = info.modified is None or written is None or info.modified <= written
    if info.sha256 is not None and trusted:
        return info.sha256
    return sha256_object(store, info.key, info.size)
