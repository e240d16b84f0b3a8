"""Check committed shards: markers against the plan, data objects against the markers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from vrdata.bounded.parallel import InOrder
from vrdata.dataset import layout
from vrdata.dataset.checks.markers import checked_records, head_problems
from vrdata.dataset.checks.problems import RESTORE, Problem, problem, remove_first
from vrdata.dataset.commits import CommitMarker, DamagedMarkerError, iter_written, open_marker
from vrdata.dataset.formats.registry import format_of
from vrdata.dataset.manifest import DataObject, Record, SampleRecord, ShardManifest
from vrdata.errors import OutputConflictError, VrdataError
from vrdata.plan.planned import Plan, Shard
from vrdata.store.port import ObjectStore
from vrdata.store.streaming import sha256_object
from vrdata.text import count

JOBS = 8
CONNECTIONS = 16


_OF_DATA = {"MissingObject", "ChecksumMismatch"}


class IncompleteRunError(VrdataError):
    """Shards are not committed, or their data is missing or damaged: they can be made again."""


def committed_shards(
    store: ObjectStore, plan: Plan, generator: str = ""
) -> dict[Shard, float | None]:
    """The plan's shards, in plan order, all of them committed; one listing.

    Args:
        store: the run's store.
        plan: its plan.
        generator: return and check only this generator's shards; "" for all.

    Returns:
        When each shard's marker was written, as `ObjectInfo.modified`.

    Raises:
        IncompleteRunError: a shard is not committed.
        OutputConflictError: there are commit markers of other shards.
        StorageError: the store cannot be used.
    """
    planned = [shard for shard in plan.all_shards() if generator in ("", shard.generator)]
    committed = dict(iter_written(store, generator))
    missing = [shard for shard in planned if shard not in committed]
    if missing:
        raise IncompleteRunError(
            f"{count(len(missing), 'shard')} not committed, the first is "
            f"{missing[0].generator} {missing[0].number}"
        )
    extra = sorted(committed.keys() - set(planned))
    if extra:
        raise OutputConflictError(
            f"{store.url} has {count(len(extra), 'commit marker')} of shards outside the plan",
            why=f"the first is {layout.commit_key(*extra[0])}",
            fix="something else wrote there; remove them, or use another output folder",
        )
    return {shard: committed[shard] for shard in planned}


class ShardCheck:
    """Opens commit markers and checks them; threads may share it.

    Args:
        store: the run's store.
        plan: its plan.
        rehash: read every data object, for a store without create-only writes.
    """

    def __init__(self, store: ObjectStore, plan: Plan, *, rehash: bool) -> None:
        self._store = store
        self._plan = plan
        self._plan_hash = plan.hash
        self._format = format_of(plan.output.format)
        self._rehash = rehash
        self._files = InOrder(CONNECTIONS)

    def open(self, shard: Shard) -> CommitMarker:
        """A shard's marker; its records are checked as they are read.

        Raises:
            IncompleteRunError: a data object is missing or contradicts the marker.
            OutputConflictError: the marker belongs to another plan.
            DamagedMarkerError: the marker is damaged, or contradicts the plan.
            StorageError: the store cannot be used.
        """
        marker = open_marker(self._store, *shard)
        manifest = marker.manifest
        for found in head_problems(self._plan, self._plan_hash, manifest):
            _refuse(found)
        records: Iterator[Record] = checked_records(
            self._plan, self._plan_hash, manifest, marker.records, _refuse
        )
        if manifest.archive is not None:
            self._check_object(manifest.archive)
        else:
            records = self._files.each(records, partial(self._check_files, manifest))
        return CommitMarker(manifest, records)

    def _check_files(self, manifest: ShardManifest, record: Record) -> Record:
        if isinstance(record, SampleRecord):
            for file in record.files:
                key = self._format.path(manifest.generator, record, file.name)
                self._check_object(DataObject(key=key, size=file.size, sha256=file.sha256))
        return record

    def _check_object(self, item: DataObject) -> None:
        info = self._store.head(item.key)
        if info is None:
            _refuse(problem("MissingObject", item.key, f"it is missing; {RESTORE}"))
        elif info.size != item.size:
            message = f"it has {info.size} bytes instead of {item.size}; {RESTORE}"
            _refuse(problem("ChecksumMismatch", item.key, message))
        else:
            unknown = self._rehash or info.sha256 is None
            digest = sha256_object(self._store, item.key, item.size) if unknown else info.sha256
            if digest != item.sha256:
                message = f"its bytes differ from its commit marker; {remove_first(item.key)}"
                _refuse(problem("ChecksumMismatch", item.key, message))


def _refuse(found: Problem) -> None:
    what = f"{found.where}: {found.message}"
    if found.kind == "ForeignPlan":
        raise OutputConflictError(what, fix="use another --out or metadata.name")
    kind = IncompleteRunError if found.kind in _OF_DATA else DamagedMarkerError
    raise kind(
        what,
        why="the object was changed or removed after it was written",
        fix="`vrdata verify` lists everything that is wrong, and how to restore it",
    )
