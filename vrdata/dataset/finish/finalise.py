"""Finish a run whose shards are all committed: check, count, index; `_SUCCESS` comes last.

Idempotent: killed anywhere and started again, it ends in the same state.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from vrdata.bounded.parallel import in_order
from vrdata.dataset import layout
from vrdata.dataset.commits import CommitMarker, iter_commits, open_marker
from vrdata.dataset.finish.index import IndexWriter, index_hash
from vrdata.dataset.finish.summary import DatasetSummary, SummaryBuilder
from vrdata.dataset.formats.registry import format_of
from vrdata.dataset.manifest import DataObject, Record, SampleRecord, ShardManifest
from vrdata.dataset.markers import checked_records, head_problems
from vrdata.dataset.objects import put_model
from vrdata.dataset.problems import RESTORE, Problem, problem, remove_first
from vrdata.dataset.reader import load_model
from vrdata.errors import OutputConflictError, VrdataError
from vrdata.plan.planned import Plan, Shard
from vrdata.store.port import ObjectNotFoundError, ObjectStore
from vrdata.store.streaming import read_chunks, sha256_file, sha256_object

JOBS = 8
CONNECTIONS = 16


class IncompleteRunError(VrdataError):
    """Shards are missing or damaged; the run is not finished."""


def finalise(
    store: ObjectStore,
    plan: Plan,
    *,
    rehash: bool = False,
    jobs: int = JOBS,
    observe: Callable[[ShardManifest, Record], None] = lambda _manifest, _record: None,
) -> DatasetSummary:
    """Check every shard; write index.parquet and dataset.json. `_SUCCESS`: see `succeed`.

    One listing, two requests a shard (more in format files). Memory: 1 MiB of about 30 markers.

    Args:
        store: the run's store.
        plan: its plan.
        rehash: read every data object again, for stores without create-only writes.
        jobs: markers read at a time.
        observe: gets every record of every commit marker, in plan order.

    Raises:
        IncompleteRunError: a shard or a data object is missing or differs from its marker.
        OutputConflictError: the store holds markers, an index or a dataset.json of another run.
        InvalidInputError: a marker is damaged.
        StorageError: the store cannot be used.
    """
    shards = _complete(store, plan)
    with (
        tempfile.TemporaryDirectory(prefix="vrdata-index-") as folder,
        SummaryBuilder(plan) as builder,
    ):
        check = _ShardCheck(store, plan, rehash=rehash)
        index = Path(folder) / layout.INDEX
        with IndexWriter(index) as writer:
            for marker in in_order(shards, check, jobs):
                manifest = marker.manifest
                builder.add_shard(manifest)
                for record in marker.records:
                    builder.add(manifest.generator, record)
                    if isinstance(record, SampleRecord):
                        writer.add(manifest, record)
                    observe(manifest, record)
        summary = builder.finish()
        _put_index(store, index, summary.dataset_hash)
    _put_dataset(store, summary)
    return summary


def succeed(store: ObjectStore, summary: DatasetSummary) -> None:
    """Write `_SUCCESS`, the last object of a run; it holds the dataset hash."""
    body = f"{summary.dataset_hash}\n".encode()
    store.put_new(
        layout.SUCCESS, body, sha256=hashlib.sha256(body).hexdigest(), content_type="text/plain"
    )


def load_summary(store: ObjectStore) -> DatasetSummary | None:
    """The summary of a finished run; None without `_SUCCESS` or dataset.json.

    Raises:
        InvalidInputError: dataset.json is damaged.
        StorageError: the store cannot be used.
    """
    if store.head(layout.SUCCESS) is None:
        return None
    try:
        return load_model(store, layout.DATASET, DatasetSummary)
    except ObjectNotFoundError:
        return None


def _complete(store: ObjectStore, plan: Plan) -> Iterator[Shard]:
    """All shards in plan order, when every one is committed and nothing else is."""
    committed = set(iter_commits(store))
    missing = list(plan.missing_shards(committed))
    if missing:
        name, shard = missing[0]
        raise IncompleteRunError(
            f"{len(missing)} shards are not committed, the first is {name} {shard}",
            fix="run the same command again",
        )
    planned = list(plan.all_shards())
    extra = sorted(committed.difference(planned))
    if extra:
        raise OutputConflictError(
            f"{store.url} holds {len(extra)} commit markers that the plan does not know",
            why=f"the first is {layout.commit_key(*extra[0])}",
            fix="something else wrote there; remove them, or use another output folder",
        )
    return iter(planned)


class _ShardCheck:
    """Compares a marker with the plan, and the store's objects with the marker."""

    def __init__(self, store: ObjectStore, plan: Plan, *, rehash: bool) -> None:
        self._store = store
        self._plan = plan
        self._plan_hash = plan.hash
        self._rehash = rehash

    def __call__(self, shard: Shard) -> CommitMarker:
        """The marker; its records are checked as they are taken."""
        marker = open_marker(self._store, *shard)
        manifest = marker.manifest
        _refuse(next(head_problems(self._plan, self._plan_hash, manifest), None))
        records = checked_records(self._plan, self._plan_hash, manifest, marker.records, _refuse)
        if manifest.archive is not None:
            _refuse(self._object_problem(manifest.archive))
        else:
            records = in_order(records, partial(self._with_objects, manifest), CONNECTIONS)
        return CommitMarker(manifest, records)

    def _with_objects(self, manifest: ShardManifest, record: Record) -> Record:
        output = format_of(manifest.format)
        if isinstance(record, SampleRecord):
            for file in record.files:
                key = output.path(manifest.generator, record, file.name)
                item = DataObject(key=key, size=file.size, sha256=file.sha256)
                _refuse(self._object_problem(item))
        return record

    def _object_problem(self, item: DataObject) -> Problem | None:
        info = self._store.head(item.key)
        if info is None:
            return problem("MissingObject", item.key, f"it is missing; {RESTORE}")
        if info.size != item.size:
            message = f"it has {info.size} bytes instead of {item.size}; {RESTORE}"
            return problem("ChecksumMismatch", item.key, message)
        unknown = self._rehash or info.sha256 is None
        digest = sha256_object(self._store, item.key, item.size) if unknown else info.sha256
        if digest != item.sha256:
            message = f"its bytes differ from its commit marker; {remove_first(item.key)}"
            return problem("ChecksumMismatch", item.key, message)
        return None


def _refuse(found: Problem | None) -> None:
    if found is None:
        return
    what = f"{found.where}: {found.message}"
    if found.kind == "ForeignPlan":
        raise OutputConflictError(what, fix="use another --out or metadata.name")
    raise IncompleteRunError(
        what,
        why="the object was changed or removed after it was written",
        fix="remove the shard's data and its commit marker, and run the same command again; "
        "`vrdata verify` lists everything that is wrong",
    )


def _put_index(store: ObjectStore, index: Path, expected: str) -> None:
    digest = sha256_file(index)
    if store.put_new(layout.INDEX, index, sha256=digest):
        return
    standing = store.head(layout.INDEX)
    if standing is None or standing.sha256 == digest:
        return
    # Another release of pyarrow may have written it: equal rows are as good as equal bytes.
    copy = index.with_suffix(".standing")
    with copy.open("wb") as local:
        local.writelines(read_chunks(store, layout.INDEX, standing.size))
    try:
        equal = index_hash(copy) == expected
    except ValueError:
        equal = False
    if not equal:
        raise _conflict(store, layout.INDEX)


def _put_dataset(store: ObjectStore, summary: DatasetSummary) -> None:
    if put_model(store, layout.DATASET, summary):
        return
    if store.get(layout.DATASET) != summary.to_json():
        raise _conflict(store, layout.DATASET)


def _conflict(store: ObjectStore, key: str) -> OutputConflictError:
    return OutputConflictError(
        f"{key} is already in {store.url} with other content; nothing was overwritten",
        why="it was changed, or another version of vrdata wrote it",
        fix=f"see what differs with `vrdata verify`; to write it anew, remove {key}",
    )
