"""Read commit markers from a run's store: their keys, their first lines, their records."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vrdata.dataset import layout
from vrdata.dataset.codec import MAX_HEAD, decode_head, decode_records
from vrdata.dataset.manifest import Record, ShardManifest
from vrdata.errors import InvalidInputError
from vrdata.plan.planned import Shard
from vrdata.store.port import ObjectStore

CHUNK = 2**20
"""Bytes of one request for records: one request for most markers."""

RUN_AGAIN = "run the same file again: vrdata run FILE --local --out OUT"


class DamagedMarkerError(InvalidInputError):
    """A commit marker cannot be used: damaged, of another version, or another shard's."""


@dataclass(frozen=True, slots=True)
class CommitMarker:
    """A commit marker whose records have not been read yet.

    Attributes:
        manifest: its first line.
        records: its records in index order, read from the store as they are taken; taking them
            raises DamagedMarkerError, at the latest after the last one, and StorageError.
    """

    manifest: ShardManifest
    records: Iterator[Record]


def iter_commits(store: ObjectStore, generator: str = "") -> Iterator[Shard]:
    """The shard of every commit marker, with one listing; other keys are skipped.

    Args:
        store: the run's store.
        generator: list only this generator's markers; "" for all.
    """
    return (shard for shard, _ in iter_written(store, generator))


def iter_written(store: ObjectStore, generator: str = "") -> Iterator[tuple[Shard, float | None]]:
    """As `iter_commits`, with the time when each marker was written, as `ObjectInfo.modified`."""
    prefix = f"{layout.COMMITS}{generator}/" if generator else layout.COMMITS
    for info in store.list_after(prefix):
        try:
            yield layout.parse_commit_key(info.key), info.modified
        except ValueError:
            continue


def read_head(store: ObjectStore, generator: str, shard: int) -> ShardManifest:
    """A commit marker's first line, with one request of at most MAX_HEAD bytes.

    Raises:
        ObjectNotFoundError: the shard is not committed.
        DamagedMarkerError: the first line is damaged, or is another shard's.
        StorageError: the store cannot be used.
    """
    start = store.get_range(layout.commit_key(generator, shard), 0, MAX_HEAD)
    return _decode_head(store, generator, shard, start)[0]


def open_marker(store: ObjectStore, generator: str, shard: int) -> CommitMarker:
    """A commit marker and its records, with one request for each MiB.

    The first request is sent immediately, the others as records are taken; memory holds one MiB.

    Raises:
        As `read_head`.
    """
    start = store.get_range(layout.commit_key(generator, shard), 0, CHUNK)
    manifest, size = _decode_head(store, generator, shard, start)
    return CommitMarker(manifest, _records(store, manifest, start[size:], size))


def iter_records(store: ObjectStore, manifest: ShardManifest) -> Iterator[Record]:
    """The records of a marker whose first line is known, in index order; see `open_marker`.

    Raises:
        ObjectNotFoundError: the marker was removed.
        DamagedMarkerError: it is damaged, or is not the one of this manifest any more.
        StorageError: the store cannot be used.
    """
    marker = open_marker(store, manifest.generator, manifest.shard)
    if marker.manifest != manifest:
        raise _damaged(store, manifest.generator, manifest.shard, "its first line has changed")
    yield from marker.records


def _decode_head(
    store: ObjectStore, generator: str, shard: int, start: bytes
) -> tuple[ShardManifest, int]:
    try:
        manifest, size = decode_head(start)
    except ValueError as error:
        raise _damaged(store, generator, shard, str(error)) from None
    if (manifest.generator, manifest.shard) != (generator, shard):
        key = layout.commit_key(generator, shard)
        raise DamagedMarkerError(
            f"{key} in {store.url} is the commit marker of another shard",
            why=f"it says {manifest.generator} shard {manifest.shard}",
            fix=_fix(key),
        )
    return manifest, size


def _records(
    store: ObjectStore, manifest: ShardManifest, first: bytes, size: int
) -> Iterator[Record]:
    chunks = _chunks(store, manifest, first, size)
    try:
        yield from decode_records(chunks, manifest.records)
    except ValueError as error:
        raise _damaged(store, manifest.generator, manifest.shard, str(error)) from None


def _chunks(
    store: ObjectStore, manifest: ShardManifest, first: bytes, size: int
) -> Iterator[bytes]:
    """What follows the first line; a byte more than announced is read, to find a longer marker."""
    yield first
    key = layout.commit_key(manifest.generator, manifest.shard)
    position, end = size + len(first), size + manifest.records.bytes + 1
    whole = position < CHUNK
    while not whole and position < end:
        wanted = min(CHUNK, end - position)
        chunk = store.get_range(key, position, wanted)
        yield chunk
        whole = len(chunk) < wanted
        position += len(chunk)


def _damaged(store: ObjectStore, generator: str, shard: int, why: str) -> DamagedMarkerError:
    key = layout.commit_key(generator, shard)
    return DamagedMarkerError(
        f"{key} in {store.url} is damaged or of another version of vrdata",
        why=why,
        fix=_fix(key),
    )


def _fix(key: str) -> str:
    return f"remove {key}, then {RUN_AGAIN}"
