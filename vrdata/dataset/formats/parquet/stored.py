"""Read a stored Parquet file of a shard from its first to its last byte, with flat memory."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from vrdata.dataset import layout
from vrdata.dataset.formats.archive import DamagedArchiveError, Member
from vrdata.dataset.formats.parquet.canonical import RowsDigest
from vrdata.dataset.formats.parquet.columns import SCHEMA, files_of
from vrdata.dataset.formats.parquet.output import METADATA
from vrdata.dataset.formats.parquet.rows import INDEX, with_index
from vrdata.dataset.manifest import ROWS_RECORD
from vrdata.parquet import open_parquet, read_group
from vrdata.store.port import ObjectStore
from vrdata.store.streaming import CHUNK, StoredFile, read_chunks

MAX_GROUP = 3 * 2**29
"""Bytes of the largest row group that is read: one sample of the largest size, and its pages."""

_MAGIC = b"PAR1"
UNREADABLE = (pa.ArrowException, OSError, KeyError, TypeError, ValueError, OverflowError)


class StoredParquet:
    """A shard's Parquet object; its row groups are read in order.

    Args:
        store: the store that holds it.
        key: its key.
        size: its size in bytes.
    """

    def __init__(self, store: ObjectStore, key: str, size: int) -> None:
        self._key = key
        self._file = _Forward(store, key, size)

    def members(self) -> Iterator[Member]:
        """Each file of each sample, or the digest of each item's rows; by index and name.

        Memory holds one row group.

        Raises:
            DamagedArchiveError: it is not the Parquet file of a shard.
            ObjectNotFoundError, DigestMismatchError, StorageError: as the store.
        """
        with refused(self._key):
            parquet = open_parquet(self._file)
            self._file.begin()
            if self._file.read_range(0, len(_MAGIC)) != _MAGIC:  # pyarrow reads only the other one
                raise ValueError("it does not begin like a Parquet file")
            batches = self._batches(parquet)
            read = _samples if parquet.schema_arrow.equals(SCHEMA) else _rows
            yield from read(parquet, batches)

    def sha256(self) -> str:
        """Hex digest of the whole object; reads to its end. Raises as the store."""
        return self._file.finish()

    def _batches(self, parquet: pq.ParquetFile) -> Iterator[pa.RecordBatch]:
        for number in range(parquet.num_row_groups):
            yield from read_group(parquet, number).to_batches()


def facts_of(parquet: pq.ParquetFile) -> dict[str, Any]:
    """What the writer noted of the shard. Raises ValueError.

    In a damaged footer, pyarrow's own facts of row groups may end the process.
    """
    facts = json.loads((parquet.metadata.metadata or {}).get(METADATA, b"null"))
    return facts if isinstance(facts, dict) else {}


def is_rows(schema: pa.Schema) -> bool:
    """Whether these are the columns of a converter's rows."""
    return bool(schema.names) and schema.field(0) == with_index(pa.schema([])).field(0)


def item_slices(batch: pa.RecordBatch) -> Iterator[tuple[int, pa.RecordBatch]]:
    """The rows of each item in a batch, without the column of the item. Raises ValueError."""
    items = batch.column(0)
    if items.null_count:
        raise ValueError("a row has no index")
    runs = pc.run_end_encode(items)
    ends = [0, *runs.run_ends.to_pylist()]
    rest = batch.remove_column(0)
    for (start, stop), item in zip(pairwise(ends), runs.values.to_pylist(), strict=True):
        yield item, rest.slice(start, stop - start)


def row_schema(schema: pa.Schema) -> pa.Schema:
    """The columns of a converter's rows, without that of the item."""
    return schema.remove(0)


@contextmanager
def refused(key: str) -> Iterator[None]:
    """Turn errors of pyarrow into DamagedArchiveError."""
    try:
        yield
    except UNREADABLE as error:
        why = str(error).strip().splitlines()[0] if str(error).strip() else repr(error)
        raise DamagedArchiveError(f"{key} is damaged", why=why) from None


def _samples(parquet: pq.ParquetFile, batches: Iterator[pa.RecordBatch]) -> Iterator[Member]:
    del parquet
    for batch in batches:
        names = [batch.column(name).to_pylist() for name in ("id", INDEX, "domain")]
        for at, (id_, index, domain) in enumerate(zip(*names, strict=True)):
            if None in (id_, index, domain) or id_ != layout.sample_id(domain, index):
                raise ValueError(f"the row of {id_!r} has index {index} and domain {domain!r}")
            for name, body in files_of(batch, at):
                yield Member(f"{id_}/{name}", None, body)


def _rows(parquet: pq.ParquetFile, batches: Iterator[pa.RecordBatch]) -> Iterator[Member]:
    if not is_rows(parquet.schema_arrow):
        raise ValueError("its columns are neither those of samples nor those of rows")
    empty = facts_of(parquet).get("empty")
    if not isinstance(empty, list) or not all(type(index) is int for index in empty):
        raise ValueError("it does not say which items have no rows")
    yield from _digests(row_schema(parquet.schema_arrow), batches, iter(sorted(empty)))


def _digests(
    schema: pa.Schema, batches: Iterator[pa.RecordBatch], empty: Iterator[int]
) -> Iterator[Member]:
    digest, current = RowsDigest(schema), -1
    next_empty = next(empty, None)
    for batch in batches:
        for item, part in item_slices(batch):
            if item != current:
                if item < current:
                    raise ValueError(f"the rows of item {item} come after those of {current}")
                if current >= 0:
                    yield _member(current, digest)
                while next_empty is not None and next_empty < item:
                    yield _member(next_empty, RowsDigest(schema))
                    next_empty = next(empty, None)
                digest, current = RowsDigest(schema), item
            digest.add(part)
    if current >= 0:
        yield _member(current, digest)
    while next_empty is not None:
        yield _member(next_empty, RowsDigest(schema))
        next_empty = next(empty, None)


def _member(index: int, digest: RowsDigest) -> Member:
    return Member(f"{index:08d}/{ROWS_RECORD}", None, digest.body())


class _Forward(StoredFile):
    """A stored object that is read forwards, and hashed on the way; the footer is read first."""

    def __init__(self, store: ObjectStore, key: str, size: int) -> None:
        super().__init__(store, key, size)
        self._digest = hashlib.sha256()
        self._kept, self._stop = b"", 0
        self._begun = False

    def begin(self) -> None:
        """From now on, reads go forwards."""
        self._begun = True

    def finish(self) -> str:
        """The hex digest of all bytes; reads those that are left."""
        while self._stop < self.size:
            self._next()
        return self._digest.hexdigest()

    def read_range(self, start: int, size: int) -> bytes:
        """See StoredFile. Raises ValueError: more bytes than a row group may have."""
        if size > MAX_GROUP:
            raise ValueError(f"one read needs {size} bytes")
        if not self._begun or start < self._stop - len(self._kept):
            return super().read_range(start, size)
        while self._stop < min(start + size, self.size):
            kept = self._kept[max(0, start - self._stop + len(self._kept)) :]
            self._kept = kept + self._next()
        first = start - self._stop + len(self._kept)
        return self._kept[first : first + size]

    def _next(self) -> bytes:
        stop = min(self._stop + CHUNK, self.size)
        chunk = next(read_chunks(self.store, self.key, stop, first=self._stop))
        self._digest.update(chunk)
        self._stop = stop
        return chunk
