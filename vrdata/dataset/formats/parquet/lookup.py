"""Find one file of one sample in a stored Parquet file: its footer, then one row group."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow.parquet as pq

from vrdata.dataset.formats.parquet.canonical import RowsDigest
from vrdata.dataset.formats.parquet.columns import SCHEMA, column_of, file_of
from vrdata.dataset.formats.parquet.rows import INDEX
from vrdata.dataset.formats.parquet.stored import (
    facts_of,
    is_rows,
    item_slices,
    refused,
    row_schema,
)
from vrdata.dataset.manifest import ROWS_RECORD
from vrdata.parquet import open_parquet, read_group
from vrdata.store.port import ObjectStore
from vrdata.store.streaming import StoredFile


def find_file(store: ObjectStore, key: str, size: int, index: int, name: str) -> bytes:
    """The bytes of a file, or of the digest of an item's rows; b"" when it is not there.

    Only the columns that can have the file are read, of the row group that has the sample.

    Raises:
        DamagedArchiveError: it is not the Parquet file of a shard.
        ObjectNotFoundError, StorageError: as the store.
    """
    with refused(key):
        parquet = open_parquet(StoredFile(store, key, size))
        if parquet.schema_arrow.equals(SCHEMA):
            return _of_sample(parquet, index, name)
        if name == ROWS_RECORD and is_rows(parquet.schema_arrow):
            return _of_rows(parquet, index)
        raise ValueError("its columns are neither those of samples nor those of rows")


def _of_sample(parquet: pq.ParquetFile, index: int, name: str) -> bytes:
    columns = dict.fromkeys([column_of(name), "files"])
    for number in _groups(parquet, index):
        rows = read_group(parquet, number, [INDEX]).column(0).to_pylist()
        if index in rows:
            at = rows.index(index)
            for column in columns:
                table = read_group(parquet, number, [column])
                body = file_of(table.slice(at, 1), column, name)
                if body is not None:
                    return body
    return b""


def _of_rows(parquet: pq.ParquetFile, index: int) -> bytes:
    digest = RowsDigest(row_schema(parquet.schema_arrow))
    for number in _groups(parquet, index):
        for batch in read_group(parquet, number).to_batches():
            for item, part in item_slices(batch):
                if item == index:
                    digest.add(part)
    return digest.body()


def _groups(parquet: pq.ParquetFile, index: int) -> Iterator[int]:
    """The row groups that can have rows of this index."""
    groups = facts_of(parquet).get("groups")
    if not isinstance(groups, list) or len(groups) != parquet.num_row_groups:
        raise ValueError("its metadata do not say which samples its row groups have")
    for number, (first, last) in enumerate(groups):
        if first <= index <= last:
            yield number
