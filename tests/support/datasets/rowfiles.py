"""Rows of items as the child of a converter writes them, and shards of them."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from support.memorystore import MemoryStore
from vrdata.dataset.formats.archive import Member
from vrdata.dataset.formats.base import PendingObject, SourceFile
from vrdata.dataset.formats.parquet.format import ParquetFormat
from vrdata.dataset.manifest import ROWS_FILE, FileRecord
from vrdata.plan.planned import ShardRange

FORMAT = ParquetFormat()
NAME = "M-rows"


def source(folder: Path, body: bytes, name: str = ROWS_FILE) -> SourceFile:
    """A file in a new folder, as the child reports it."""
    path = Path(tempfile.mkdtemp(dir=folder)) / name
    path.write_bytes(body)
    return SourceFile(name, path, len(body), hashlib.sha256(body).hexdigest())


def stream(schema: pa.Schema, batches: Sequence[pa.RecordBatch], **options: Any) -> bytes:
    """An Arrow IPC stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        for batch in batches:
            writer.write_batch(batch)
    return sink.getvalue().to_pybytes()


def rows(folder: Path, schema: pa.Schema, values: Sequence[dict[str, Any]]) -> SourceFile:
    """The file of an item with these rows."""
    batch = pa.RecordBatch.from_pylist(list(values), schema=schema)
    return source(folder, stream(schema, [batch] if values else []))


def write(
    folder: Path,
    items: Sequence[SourceFile],
    first: int = 0,
    columns: SourceFile | None = None,
) -> tuple[list[FileRecord], PendingObject]:
    """The record of each item, and the shard's Parquet file; `columns`: the declared ones."""
    scratch = Path(tempfile.mkdtemp(dir=folder))
    place = ShardRange(NAME, 0, 0, 1, first, first + len(items))
    if columns is None:
        writer = FORMAT.open_writer(scratch, place)
    else:
        writer = FORMAT.open_rows_writer(scratch, place, columns)
    records = []
    for index, item in enumerate(items, start=first):
        (record,) = writer.add(index, "rows", [item])
        records.append(record)
    (pending,) = writer.finish()
    return records, pending


def members(body: bytes) -> list[Member]:
    """What a stored Parquet file has, by a whole reading; its hash is that of all bytes."""
    store = MemoryStore()
    digest = hashlib.sha256(body).hexdigest()
    store.put_new("data/x.parquet", body, sha256=digest)
    archive = FORMAT.open_archive(store, "data/x.parquet", len(body))
    found = list(archive.members())
    assert archive.sha256() == digest
    return found


def stored_records(pending: PendingObject) -> list[FileRecord]:
    """The records that a reader finds in the file."""
    return [
        FileRecord(
            name=FORMAT.locate(member.name)[1],
            size=len(member.body),
            sha256=hashlib.sha256(member.body).hexdigest(),
        )
        for member in members(pending.path.read_bytes())
    ]
