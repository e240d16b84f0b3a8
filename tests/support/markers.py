"""Read, write and change commit markers; a changed marker is signed again unless a test says no."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from vrdata.dataset.codec import decode_head, decode_records, describe_records, encode_marker
from vrdata.dataset.commits import iter_records
from vrdata.dataset.formats.registry import format_of
from vrdata.dataset.manifest import FailedSample, FileObjects, Record, SampleRecord, ShardManifest
from vrdata.store.port import ObjectStore

Json = dict[str, Any]
Change = Callable[[Json, list[Json]], None]


def signed(manifest: ShardManifest, records: Sequence[Record]) -> ShardManifest:
    """The manifest with the counts and the digest of these records."""
    samples = [record for record in records if isinstance(record, SampleRecord)]
    sizes = [file.size for sample in samples for file in sample.files]
    in_files = manifest.format == "files"
    return manifest.model_copy(
        update={
            "files": FileObjects(objects=len(sizes), bytes=sum(sizes)) if in_files else None,
            "samples": len(samples),
            "failed_samples": len(records) - len(samples),
            "records": describe_records(record.to_json() for record in records),
        }
    )


def marker_bytes(manifest: ShardManifest, records: Sequence[Record]) -> bytes:
    """A whole marker; its manifest is signed."""
    return encode_marker(signed(manifest, records), [record.to_json() for record in records])


def parse_marker(body: bytes) -> tuple[ShardManifest, list[Record]]:
    """A marker's manifest and records."""
    manifest, size = decode_head(body)
    return manifest, list(decode_records([body[size:]], manifest.records))


def samples_of(store: ObjectStore, manifest: ShardManifest) -> list[SampleRecord]:
    """The samples of a shard."""
    records = iter_records(store, manifest)
    return [record for record in records if isinstance(record, SampleRecord)]


def data_keys(store: ObjectStore, manifest: ShardManifest) -> list[str]:
    """Keys of a shard's data objects."""
    if manifest.archive is not None:
        return [manifest.archive.key]
    return list(format_of(manifest.format).keys(manifest, samples_of(store, manifest)))


def failed_of(store: ObjectStore, manifest: ShardManifest) -> list[FailedSample]:
    """The failed samples of a shard."""
    records = iter_records(store, manifest)
    return [record for record in records if isinstance(record, FailedSample)]


def change_marker(body: bytes, change: Change, *, sign: bool = True) -> bytes:
    """A marker after a change.

    Args:
        body: the marker.
        change: gets the first line and the records as JSON objects, and changes them.
        sign: write the digest of the changed records into the first line.
    """
    head, *records = map(json.loads, body.splitlines())
    change(head, records)
    lines = [json.dumps(record).encode() for record in records]
    if sign:
        head["records"] = describe_records(lines).to_dict()
    return b"\n".join([json.dumps(head).encode(), *lines, b""])
