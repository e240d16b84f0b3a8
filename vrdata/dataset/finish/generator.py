"""Finalise one generator: check its shards, write its index."""

from __future__ import annotations

import tempfile
from pathlib import Path

from vrdata.bounded.parallel import InOrder
from vrdata.dataset import layout
from vrdata.dataset.finish.counts import GeneratorCounts
from vrdata.dataset.finish.index import DamagedIndexError, IndexWriter, read_counts
from vrdata.dataset.finish.shards import JOBS, ShardCheck, committed_shards
from vrdata.dataset.manifest import ShardManifest
from vrdata.errors import InvalidInputError
from vrdata.plan.planned import Plan
from vrdata.store.port import ObjectStore
from vrdata.store.streaming import sha256_file


def index_generator(
    store: ObjectStore, plan: Plan, generator: str, *, detect: bool
) -> GeneratorCounts:
    """Check a generator's committed shards and write `index/{generator}.parquet`.

    Idempotent: an index that this plan's run wrote is kept, and then no marker is read; a damaged
    or foreign one is replaced. Two requests for each shard, more in format files. Memory does not
    grow with shards or samples: 1 MiB of each of eight markers, and one row group.

    Args:
        store: the run's store.
        plan: its plan.
        generator: one of the plan's generators.
        detect: read every data object again, for a store without create-only writes.

    Raises:
        IncompleteRunError: a shard or a data object is missing or differs from its marker.
        OutputConflictError: there are commit markers of another plan, or of other shards.
        InvalidInputError: a marker is damaged, or rows have other columns in another shard.
        StorageError: the store cannot be used.
    """
    plan_hash = plan.hash
    existing = _existing_counts(store, plan_hash, generator)
    if existing is not None:
        return existing
    shards = committed_shards(store, plan, generator)
    check = ShardCheck(store, plan, rehash=detect)
    with tempfile.TemporaryDirectory(prefix="vrdata-index-") as folder:
        path = Path(folder) / "rows.parquet"
        with IndexWriter(path, plan_hash, generator) as writer:
            columns = _SameColumns()
            for marker in InOrder(JOBS, queued=1).each(shards, check.open):
                columns.check(marker.manifest)
                writer.add_shard(marker.manifest)
                for record in marker.records:
                    writer.add(marker.manifest, record)
        _put(store, plan_hash, generator, path)
    return writer.counts()


class _SameColumns:
    """The rows of all shards of a converter have the same columns: readers read them as one."""

    def __init__(self) -> None:
        self._first: ShardManifest | None = None

    def check(self, manifest: ShardManifest) -> None:
        """Compare a shard with the first one. Raises InvalidInputError."""
        columns = manifest.archive.columns if manifest.archive else None
        if columns is None:  # no rows
            return
        first = self._first = self._first or manifest
        if first.archive is not None and first.archive.columns != columns:
            raise InvalidInputError(
                f"the rows of {manifest.generator} do not have the same columns in all shards",
                why=f"those of shard {manifest.shard} are not those of shard {first.shard}",
                fix="declare one schema for all items, and use another metadata.name",
            )


def _existing_counts(store: ObjectStore, plan_hash: str, generator: str) -> GeneratorCounts | None:
    try:
        return read_counts(store, plan_hash, generator)
    except DamagedIndexError:
        store.delete(layout.index_key(generator))
        return None


def _put(store: ObjectStore, plan_hash: str, generator: str, path: Path) -> None:
    key, digest = layout.index_key(generator), sha256_file(path)
    # Another process may finish first; only a damaged file makes a second attempt necessary.
    while not store.put_new(key, path, sha256=digest):
        if _existing_counts(store, plan_hash, generator) is not None:
            return
