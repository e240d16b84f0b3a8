"""The writer of a shard in format parquet: samples, or the rows of a converter's items."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from vrdata.dataset.formats.base import PendingObject, SourceFile
from vrdata.dataset.formats.packing import by_name
from vrdata.dataset.formats.parquet.columns import COMPRESSED, SCHEMA, batch_of, row_of
from vrdata.dataset.formats.parquet.output import GROUP_BYTES, SAMPLES, ParquetOutput
from vrdata.dataset.formats.parquet.rows import (
    Columns,
    RowsWriter,
    columns_digest,
    open_rows,
    with_index,
)
from vrdata.dataset.formats.untrusted import changed, read_exactly
from vrdata.dataset.manifest import ROWS_FILE, ROWS_RECORD, FileRecord
from vrdata.errors import InvalidInputError
from vrdata.store.streaming import sha256_file

MAX_SAMPLE = 2**30
"""Bytes of a sample's files; a column of a row group has at most 2 GiB."""

FRAME = "first_frame.png"
CONTENT_TYPE = "application/vnd.apache.parquet"


class ParquetShardWriter:
    """See ShardWriter.

    Args:
        path: the new local file.
        key: key of the data object.
        columns: of the rows of all items, in a file without a row; None = the first item decides
            whether the shard has samples or rows.

    Raises:
        InvalidInputError: the columns cannot be used.
    """

    def __init__(self, path: Path, key: str, columns: SourceFile | None = None) -> None:
        self._path, self._key = path, key
        self._samples: _SampleGroups | None = None
        self._rows: RowsWriter | None = None
        self._columns: Columns | None = None
        self._output: ParquetOutput | None = None
        if columns is not None:
            _, self._columns = open_rows(columns, None)
            self._rows = self._opened_rows(self._columns)

    def add(self, index: int, domain: str, files: Sequence[SourceFile]) -> tuple[FileRecord, ...]:
        """See ShardWriter; of the rows of an item, the record is that of their digest."""
        rows = rows_file(files)
        if (self._samples if rows else self._rows) is not None:
            raise InvalidInputError(
                f"item {index} is {'rows' if rows else 'a sample'}, unlike those before it",
                why="a converter makes samples, or rows, of all items",
            )
        if rows is not None:
            return (self._add_rows(index, rows),)
        return self._add_sample(index, domain, files)

    def finish(self) -> tuple[PendingObject, ...]:
        """See ShardWriter."""
        columns = columns_digest(self._columns.stored) if self._columns is not None else None
        if self._rows is not None:
            self._rows.finish()
        else:
            self._groups().finish()
        size, digest = self._path.stat().st_size, sha256_file(self._path)
        return (PendingObject(self._key, self._path, size, digest, CONTENT_TYPE, columns),)

    def _add_rows(self, index: int, file: SourceFile) -> FileRecord:
        rows, self._columns = open_rows(file, self._columns)
        if self._rows is None:
            self._rows = self._opened_rows(self._columns)
        body = self._rows.add(index, rows)
        digest = hashlib.sha256(body).hexdigest()
        return FileRecord(name=ROWS_RECORD, size=len(body), sha256=digest)

    def _opened_rows(self, columns: Columns) -> RowsWriter:
        return RowsWriter(self._opened(with_index(columns.stored), None), columns.stored)

    def _add_sample(
        self, index: int, domain: str, files: Sequence[SourceFile]
    ) -> tuple[FileRecord, ...]:
        size = sum(file.size for file in files)
        if size > MAX_SAMPLE:
            raise InvalidInputError(
                f"sample {index} has {size} bytes",
                why=f"a sample in format parquet has at most {MAX_SAMPLE}",
                fix="use another output.format",
            )
        bodies = {file.name: _body(file) for file in by_name(files)}
        self._groups().add(row_of(index, domain, bodies), size)
        return tuple(
            FileRecord(name=file.name, size=file.size, sha256=file.sha256)
            for file in by_name(files)
        )

    def _groups(self) -> _SampleGroups:
        if self._samples is None:
            self._samples = _SampleGroups(self._opened(SCHEMA))
        return self._samples

    def _opened(
        self, schema: pa.Schema, compressed: Sequence[str] | None = COMPRESSED
    ) -> ParquetOutput:
        if self._output is None:
            self._output = ParquetOutput(self._path, schema, compressed)
        return self._output


def rows_file(files: Sequence[SourceFile]) -> SourceFile | None:
    """The file with the rows of an item; None for a sample, which may have a file of any name."""
    named = {file.name: file for file in files}
    return None if FRAME in named else named.get(ROWS_FILE)


class _SampleGroups:
    """Rows of samples until a row group is full."""

    def __init__(self, output: ParquetOutput) -> None:
        self._output = output
        self._rows: list[dict[str, Any]] = []
        self._bytes = 0

    def add(self, row: dict[str, Any], size: int) -> None:
        if self._rows and self._bytes + size > GROUP_BYTES:
            self._flush()
        self._rows.append(row)
        self._bytes += size
        if len(self._rows) == SAMPLES:
            self._flush()

    def finish(self) -> None:
        self._flush()
        self._output.finish()

    def _flush(self) -> None:
        if self._rows:
            first, last = self._rows[0]["index"], self._rows[-1]["index"]
            self._output.write_group([batch_of(self._rows)], first, last)
        self._rows, self._bytes = [], 0


def _body(file: SourceFile) -> bytes:
    """The bytes of a file. Raises FileChangedError."""
    body = b"".join(read_exactly(file.path, file.size))
    digest = hashlib.sha256(body).hexdigest()
    if digest != file.sha256:
        raise changed(file.name, f"sha256 {digest[:12]}…, reported as {file.sha256[:12]}…")
    return body
