"""Write the rows of items: the columns of the converter after the column `index`, the item."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from vrdata.dataset.formats.base import SourceFile
from vrdata.dataset.formats.parquet.arrow import ArrowRows, plain
from vrdata.dataset.formats.parquet.canonical import RowsDigest, UnsupportedTypeError
from vrdata.dataset.formats.parquet.output import GROUP_BYTES, ROWS, ParquetOutput
from vrdata.errors import InvalidInputError
from vrdata.model import canonical_json
from vrdata.parquet import open_parquet

INDEX = "index"
MAX_COLUMNS = 1000
_MAX_METADATA = 2**20
_FIX = "change the converter's schema"


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a converter's rows.

    Attributes:
        declared: as the converter declares them, with the values of dictionaries.
        stored: as Parquet returns them: it gives the values of lists a name of its own.
    """

    declared: pa.Schema
    stored: pa.Schema


def columns_of(schema: pa.Schema) -> Columns:
    """Check the columns that a converter declares.

    Raises:
        InvalidInputError: a column has no name of its own, or a type that Parquet or the digest
            of rows does not keep.
    """
    names = [field.name for field in schema]
    twice = sorted({name for name in names if names.count(name) > 1}) if len(names) < 5000 else []
    if INDEX in names or twice or "" in names:
        what = f"has the column {INDEX}" if INDEX in names else "has a column without a name"
        what = f"has two columns {twice[0]!r}" if twice else what
        why = "vrdata adds the column index, the number of the item" if INDEX in names else ""
        raise InvalidInputError(f"the schema of the rows {what}", why=why, fix="rename the column")
    if not 1 <= len(names) <= MAX_COLUMNS:
        what = f"the schema of the rows has {len(names)} columns, not 1 to {MAX_COLUMNS}"
        raise InvalidInputError(what, fix=_FIX)
    if sum(len(value) for value in (schema.metadata or {}).values()) > _MAX_METADATA:
        raise InvalidInputError(f"the schema of the rows has more than {_MAX_METADATA} bytes")
    declared = _plain(schema)
    stored = _round_trip(declared)
    for field, kept in zip(declared, stored, strict=True):
        if kept.type != field.type or kept.nullable != field.nullable:
            raise _not_kept(field.name, str(field.type), f"it becomes {kept.type}")
    return Columns(declared, stored)


def columns_digest(schema: pa.Schema) -> str:
    """Hex sha256 of names, types and null flags of the columns."""
    facts = [[field.name, str(field.type), field.nullable] for field in schema]
    return hashlib.sha256(canonical_json(facts)).hexdigest()


def with_index(schema: pa.Schema) -> pa.Schema:
    """The columns of the file."""
    return schema.insert(0, pa.field(INDEX, pa.int64(), nullable=False))


class RowsWriter:
    """Appends the rows of items; memory holds one record batch and one row group.

    Args:
        output: the file; its columns are `with_index(schema)`.
        schema: the stored columns.
    """

    def __init__(self, output: ParquetOutput, schema: pa.Schema) -> None:
        self._output = output
        self._schema = schema
        self._group: list[pa.RecordBatch] = []
        self._first = self._last = 0
        self._rows = self._bytes = 0
        self._empty: list[int] = []

    def add(self, index: int, rows: ArrowRows) -> bytes:
        """Append the rows of an item; the body of their digest. Raises as ArrowRows."""
        digest = RowsDigest(self._schema)
        empty = True
        for batch in rows.batches():
            for part in _parts(batch):
                empty = False
                digest.add(part)
                self._append(index, part)
        if empty:
            self._empty.append(index)
        return digest.body()

    def finish(self) -> None:
        """Write what is left, and which items have no rows."""
        self._flush()
        self._output.finish(empty=self._empty)

    def _append(self, index: int, batch: pa.RecordBatch) -> None:
        self._first, self._last = self._first if self._group else index, index
        item = pa.repeat(pa.scalar(index, pa.int64()), batch.num_rows)
        columns = [item, *batch.columns]
        self._group.append(pa.RecordBatch.from_arrays(columns, schema=with_index(self._schema)))
        self._rows += batch.num_rows
        self._bytes += batch.nbytes
        if self._bytes >= GROUP_BYTES or self._rows >= ROWS:
            self._flush()

    def _flush(self) -> None:
        if self._group:
            self._output.write_group(self._group, self._first, self._last)
        self._group, self._rows, self._bytes = [], 0, 0


def open_rows(file: SourceFile, expected: Columns | None) -> tuple[ArrowRows, Columns]:
    """The rows of an item, and their columns.

    Args:
        file: the item's Arrow file.
        expected: the columns of the items before; None = this is the first.

    Raises:
        FileChangedError: its bytes are not the reported ones.
        InvalidInputError: it cannot be used, or has other columns than the items before.
    """
    rows = ArrowRows(file)
    if expected is None:
        return rows, columns_of(rows.schema)
    if not _plain(rows.schema).equals(expected.declared, check_metadata=True):
        raise InvalidInputError(
            f"{file.name} has other columns than the items before it",
            why="all items of a converter have the same columns",
            fix="give the rows of the converter's schema",
        )
    return rows, expected


def _parts(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """A batch in slices that fit a row group."""
    step = min(ROWS, max(1, batch.num_rows * GROUP_BYTES // max(1, batch.nbytes)))
    for start in range(0, batch.num_rows, step):
        yield batch.slice(start, step)


def _plain(schema: pa.Schema) -> pa.Schema:
    try:
        batch = pa.RecordBatch.from_arrays([pa.nulls(0, one.type) for one in schema], schema=schema)
        return plain(batch).schema
    except (pa.ArrowException, ValueError) as error:
        raise InvalidInputError(f"the schema of the rows cannot be used: {error}") from None


def _round_trip(schema: pa.Schema) -> pa.Schema:
    for field in schema:
        try:
            RowsDigest(pa.schema([field]))
            _written(pa.schema([field]))
        except UnsupportedTypeError as error:
            raise _not_kept(field.name, str(error), "") from None
        except (pa.ArrowException, ValueError) as error:
            raise _not_kept(field.name, str(field.type), str(error)) from None
    return _written(schema)


def _written(schema: pa.Schema) -> pa.Schema:
    file = io.BytesIO()
    with pq.ParquetWriter(file, schema, version="2.6"):
        pass
    return open_parquet(io.BytesIO(file.getvalue())).schema_arrow


def _not_kept(name: str, kind: str, why: str) -> InvalidInputError:
    return InvalidInputError(
        f"column {name!r} of the rows has the type {kind}, which Parquet does not keep",
        why=why,
        fix="use another type, such as timestamp[us], int64, string or list",
    )
