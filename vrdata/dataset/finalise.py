"""Finish a run whose shards are all committed: check, count, index; `_SUCCESS` comes last.

Idempotent: killed anywhere and started again, it ends in the same state.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from vrdata.dataset import layout
from vrdata.dataset.hashing import DatasetHasher
from vrdata.dataset.index import IndexWriter
from vrdata.dataset.manifest import DataObject, ShardManifest
from vrdata.dataset.reader import iter_manifests
from vrdata.dataset.summary import DatasetSummary, SummaryBuilder
from vrdata.errors import OutputConflictError, VrdataError
from vrdata.plan.model import Plan
from vrdata.store.port import ObjectStore
from vrdata.store.streaming import sha256_file, sha256_object

CONNECTIONS = 16


class IncompleteRunError(VrdataError):
    """Shards are missing or damaged; the run is not finished."""


def finalise(
    store: ObjectStore,
    plan: Plan,
    *,
    rehash: bool = False,
    observe: Callable[[ShardManifest], None] = lambda _: None,
) -> DatasetSummary:
    """Check every shard, write dataset.json and index.parquet. `_SUCCESS`: see `succeed`.

    Args:
        store: the run's store.
        plan: its plan.
        rehash: read every data object again, for stores without create-only writes.
        observe: told of every commit marker, in plan order.

    Raises:
        IncompleteRunError: a shard or a data object is missing or differs.
        OutputConflictError: dataset.json is there with other content.
        StorageError: the store cannot be used.
    """
    with tempfile.TemporaryDirectory() as folder, DatasetHasher() as hasher:
        index = Path(folder) / layout.INDEX
        builder = SummaryBuilder(plan, hasher)
        with IndexWriter(index) as writer, ThreadPoolExecutor(CONNECTIONS) as pool:
            expected = {(p.name, shard) for p in plan.generators for shard in range(p.shards)}
            for manifest in iter_manifests(store, plan):
                _check_manifest(manifest, plan)
                expected.discard((manifest.generator, manifest.shard))
                _check_objects(store, manifest, pool, rehash=rehash)
                builder.add(manifest)
                writer.add(manifest)
                observe(manifest)
        if expected:
            name, shard = min(expected)
            raise IncompleteRunError(
                f"{len(expected)} shards are not committed, the first is {name} {shard}",
                fix="run the same command again",
            )
        summary = builder.finish()
        _put_dataset(store, summary)
        store.put_new(layout.INDEX, index, sha256=sha256_file(index))
    return summary


def succeed(store: ObjectStore, summary: DatasetSummary) -> None:
    """Write `_SUCCESS`, the last object of a run; it holds the dataset hash."""
    body = f"{summary.dataset_hash}\n".encode()
    store.put_new(
        layout.SUCCESS, body, sha256=hashlib.sha256(body).hexdigest(), content_type="text/plain"
    )


def _check_manifest(manifest: ShardManifest, plan: Plan) -> None:
    planned = plan.generator(manifest.generator)
    name = f"{manifest.generator} shard {manifest.shard}"
    if manifest.plan != plan.hash:
        raise OutputConflictError(
            f"{name} belongs to another plan",
            why=f"{manifest.plan[:19]}… instead of {plan.hash[:19]}…",
            fix="use another --out or metadata.name",
        )
    if manifest.shard >= planned.shards:
        raise OutputConflictError(f"{name} is not part of the plan", fix="remove its marker")
    shard = planned.shard(manifest.shard)
    found = sorted(
        [sample.index for sample in manifest.samples] + [one.index for one in manifest.failed]
    )
    if found != list(range(shard.start, shard.stop)):
        raise IncompleteRunError(
            f"{name} does not hold exactly the samples {shard.start} to {shard.stop - 1}",
            fix="remove its commit marker and run again",
        )


def _check_objects(
    store: ObjectStore, manifest: ShardManifest, pool: ThreadPoolExecutor, *, rehash: bool
) -> None:
    for problem in pool.map(lambda item: _object_problem(store, item, rehash), manifest.data):
        if problem:
            raise IncompleteRunError(
                f"{manifest.generator} shard {manifest.shard}: {problem}",
                fix="remove its commit marker and run again",
            )


def _object_problem(store: ObjectStore, item: DataObject, rehash: bool) -> str:
    info = store.head(item.key)
    if info is None:
        return f"{item.key} is missing"
    if info.size != item.size:
        return f"{item.key} has {info.size} bytes instead of {item.size}"
    digest = sha256_object(store, item.key, item.size) if rehash else info.sha256
    if digest is not None and digest != item.sha256:
        return f"{item.key} has other bytes than its commit marker says"
    return ""


def _put_dataset(store: ObjectStore, summary: DatasetSummary) -> None:
    body = summary.to_json()
    digest = hashlib.sha256(body).hexdigest()
    if store.put_new(layout.DATASET, body, sha256=digest, content_type="application/json"):
        return
    if store.get(layout.DATASET) != body:
        raise OutputConflictError(
            f"{store.url}{layout.DATASET} is there with other content",
            fix="run `vrdata verify` to see what differs",
        )
