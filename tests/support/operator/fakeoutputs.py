"""What workers without a generator write: the smallest valid shards, and finalisation of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

from support.objects import put
from vrdata.api.run import GenerationRunSpec
from vrdata.contract.reasons import FailureReason
from vrdata.dataset import layout
from vrdata.dataset.checks.dropped import with_dropped
from vrdata.dataset.codec import describe_records, encode_marker
from vrdata.dataset.commits import DamagedMarkerError, iter_commits, read_head
from vrdata.dataset.finish.comparison import Comparison
from vrdata.dataset.finish.shards import IncompleteRunError
from vrdata.dataset.manifest import (
    Attempt,
    DataObject,
    FailedSample,
    FileObjects,
    Record,
    SampleRecord,
    ShardManifest,
)
from vrdata.dataset.reader import load_model
from vrdata.errors import InvalidInputError
from vrdata.plan.planned import Plan, Shard
from vrdata.plan.sources import (
    PinnedPlace,
    PinnedSource,
    PinnedSources,
    Places,
    PlannedPlace,
    PlannedSource,
    requested_sources,
)
from vrdata.store.port import ObjectNotFoundError, ObjectStore
from vrdata_worker.failures import ShardFailedError

DATA = bytes(100)  # of every shard
SHA256 = hashlib.sha256(DATA).hexdigest()


def finalise(store: ObjectStore) -> None:
    """Compare the run as finalisation does, then write short outputs.

    Raises:
        ShardFailedError: the run is not complete, or has no plan.
    """
    plan = _plan(store)
    try:
        compared = Comparison(store, plan)
        known: dict[str, int] = {}
        for shard in iter_commits(store):
            known[shard.generator] = known.get(shard.generator, 0) + read_head(store, *shard).bytes
        compared.require_whole(known)
    except IncompleteRunError as error:
        raise ShardFailedError(FailureReason.INCOMPLETE_RUN, error.what) from None
    except DamagedMarkerError as error:
        raise ShardFailedError(FailureReason.DAMAGED_MARKER, error.what) from None
    write_indexes(store)
    digest = "sha256:" + hashlib.sha256(plan.hash.encode()).hexdigest()
    summary = json.dumps({"datasetHash": digest, "plan": plan.hash}).encode()
    for key, body in ((layout.DATASET, summary), (layout.SUCCESS, f"{digest}\n".encode())):
        replace(store, key, body)


def replace(store: ObjectStore, key: str, body: bytes) -> None:
    """Write an object, unless it is there with these bytes."""
    if store.head(key) is not None and store.get(key) != body:
        store.delete(key)
    keep(store, key, body)


def write_indexes(store: ObjectStore) -> None:
    """Write the index of each generator."""
    for planned in _plan(store).generators:
        replace(store, layout.index_key(planned.name), b"index")


def commit(
    store: ObjectStore, plan: Plan, shard: Shard, left_out: int = 0, attempt: int = 0
) -> None:
    """Write the smallest valid commit marker of a shard."""
    found = plan.generator(shard[0]).shard(shard[1])
    failed = range(found.start, found.start + left_out)
    dropped = [FailedSample(index=at, reason="EmptyPrompt", message="blank") for at in failed]
    records: list[Record] = [*dropped]
    records += [
        SampleRecord(index=at, id=f"x_{at}", domain="x", block=0, seed=0, files=())
        for at in range(failed.stop, found.stop)
    ]
    in_files = plan.output.format == "files"
    manifest = ShardManifest(
        plan=plan.hash,
        generator=shard[0],
        digest=plan.generator(shard[0]).digest,
        shard=shard[1],
        start=found.start,
        stop=found.stop,
        format=plan.output.format,
        archive=None
        if in_files
        else DataObject(key=layout.shard_tar_key(*shard), size=len(DATA), sha256=SHA256),
        files=FileObjects(objects=0, bytes=0) if in_files else None,
        samples=len(records) - len(failed),
        failed_samples=len(failed),
        attempt=Attempt(number=attempt, seconds=2.0, cpu_seconds=1.5, peak_memory_bytes=2**27),
        records=describe_records(record.to_json() for record in records),
    )
    if not in_files:
        replace(store, layout.shard_tar_key(*shard), DATA)
    manifest = with_dropped(manifest, dropped)
    body = encode_marker(manifest, [record.to_json() for record in records])
    put(store, layout.commit_key(*shard), body)


def keep(store: ObjectStore, key: str, body: bytes) -> None:
    if store.head(key) is None:
        put(store, key, body)


def pin(store: ObjectStore, spec: GenerationRunSpec, items: int, wanted: Places) -> None:
    """Write a list of items for each source that has none, and pin the sources, once."""
    digest = "sha256:" + "d" * 64
    pins = {
        name: PinnedSource(
            requested=source,
            source=PlannedSource(
                url=source.url,
                config=source.config,
                split=source.split,
                revision="c" * 40,
                items=items,
                digest=digest,
            ),
        )
        for name, source in requested_sources(spec).items()
    }
    places = {
        name: tuple(
            PinnedPlace(
                requested=one,
                source=PlannedPlace(
                    place=one.place, url=one.url, revision="c" * 40, items=items, digest=digest
                ),
            )
            for one in sources
        )
        for name, sources in wanted.items()
    }
    lists = [layout.items_key(name) for name in pins]
    lists += [layout.place_key(name, at) for name in places for at in range(len(places[name]))]
    for key in lists:
        keep(store, key, b"parts")
    keep(store, layout.SOURCES, PinnedSources(sources=pins, places=places).to_json())


def is_committed(store: ObjectStore, shard: Shard) -> bool:
    return store.head(layout.commit_key(*shard)) is not None


def missing_shards(store: ObjectStore) -> Iterator[Shard]:
    """The shards of a run that are not committed; none without a plan."""
    try:
        plan = load_model(store, layout.PLAN, Plan)
    except (ObjectNotFoundError, InvalidInputError):
        return iter(())
    return plan.missing_shards({one for one in plan.all_shards() if is_committed(store, one)})


def _plan(store: ObjectStore) -> Plan:
    try:
        return load_model(store, layout.PLAN, Plan)
    except (ObjectNotFoundError, InvalidInputError) as error:
        raise ShardFailedError(FailureReason.OUTPUT_CHANGED, str(error)) from None
