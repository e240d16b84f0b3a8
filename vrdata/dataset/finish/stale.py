"""Indexes that new commit markers make stale."""

from __future__ import annotations

from collections.abc import Iterable

from vrdata.dataset import layout
from vrdata.store.port import ObjectStore


def delete_indexes(store: ObjectStore, generators: Iterable[str]) -> None:
    """Delete the indexes of generators whose shards are about to get new commit markers.

    An index is valid for its plan, whatever the markers say. A marker that was lost and is written
    again can describe other bytes, if the generator is not deterministic.

    Raises:
        StorageError, StoreAccessError: the store cannot be used.
    """
    keys = {layout.index_key(generator) for generator in generators}
    for info in list(store.list_after(layout.INDEX)):
        if info.key in keys:
            store.delete(info.key)
