"""Rows of tables, one at a time: Parquet, Arrow, JSON Lines, CSV.

The rows of a block are read in ascending order, so a reader goes forward and keeps no more than one
row and what its format decodes at a time: pages of Parquet, buffers of an Arrow record batch.
"""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, BinaryIO, cast

Row = dict[str, Any]
_BUFFER_BYTES = 2**20  # read at a time of each column of a Parquet file
_BATCH_BYTES = 4 * 2**20  # decoded at a time, at least one row
_MAX_BATCH_ROWS = 256


class TableReader:
    """Reads rows; the last one is kept, because a sample may be made twice.

    A row that cannot be decoded does not affect the rows after it.
    """

    def __init__(self) -> None:
        self._place: tuple[str, str, int | None] | None = None
        self._rows: Iterator[Any] = iter(())
        self._next = 0
        self._row: Row | None = None

    def row(self, form: str, file: str, group: int | None, number: int) -> Row:
        """One row, by column.

        Args:
            form: parquet, arrow, jsonl or csv.
            file: path of the table.
            group: number of its row group or record batch; None = the whole table.
            number: of the row in the group.

        Raises:
            ImportError: the environment has no pyarrow, and the format needs it.
            IndexError: it has no such row.
            Exception: whatever the reader of the format raises for damaged data.
        """
        place = form, file, group
        here = place == self._place
        if here and number == self._next - 1 and self._row is not None:
            return self._row
        open_rows, decode = _FORMATS[form]
        if here and number >= self._next:
            for _ in range(number - self._next):
                next(self._rows, None)
        else:
            self._rows = open_rows(file, group, number)
        self._place = self._row = None  # a reader that fails has no more rows
        found = next(self._rows, None)
        if found is None:
            raise IndexError("the table has no such row")
        self._place, self._next = place, number + 1
        self._row = row = decode(found)
        return row


def _parquet(path: str, group: int | None, start: int) -> Iterator[Row]:
    import pyarrow.parquet as pq

    table = pq.ParquetFile(path, buffer_size=_BUFFER_BYTES, pre_buffer=False)
    groups = [*range(table.num_row_groups)] if group is None else [group]
    skip = start
    size = max((_batch_rows(table.metadata.row_group(one)) for one in groups[:1]), default=1)
    for batch in table.iter_batches(size, row_groups=groups, use_threads=False):
        for offset in range(skip, batch.num_rows):
            yield from batch.slice(offset, 1).to_pylist()
        skip = max(0, skip - batch.num_rows)


def _batch_rows(group: Any) -> int:
    """How many rows of a row group are decoded at a time."""
    row_bytes: int = max(1, group.total_byte_size // max(1, group.num_rows))
    return max(1, min(_MAX_BATCH_ROWS, _BATCH_BYTES // row_bytes))


def _arrow(path: str, group: int | None, start: int) -> Iterator[Row]:
    import pyarrow as pa

    with pa.memory_map(path) as file:
        batches = _batches(file)
        chosen = batches if group is None else islice(batches, group, group + 1)
        skip = start
        for batch in chosen:
            for offset in range(skip, batch.num_rows):
                yield from batch.slice(offset, 1).to_pylist()
            skip = max(0, skip - batch.num_rows)


def _batches(file: Any) -> Iterator[Any]:
    """The record batches of an Arrow file, or of a stream in a file."""
    import pyarrow as pa

    if file.read(6) == b"ARROW1":
        reader = pa.ipc.open_file(file)
        for number in range(reader.num_record_batches):
            yield reader.get_batch(number)
    else:
        file.seek(0)
        yield from pa.ipc.open_stream(file)


def _jsonl(path: str, group: int | None, start: int) -> Iterator[bytes]:
    del group
    with _opened(path) as file:
        yield from islice((line for line in file if line.strip()), start, None)


def _opened(path: str) -> BinaryIO:
    """A file of text, decompressed by the ending of its name."""
    if path.lower().endswith(".gz"):
        return cast("BinaryIO", gzip.open(path, "rb"))
    if path.lower().endswith(".bz2"):
        return cast("BinaryIO", bz2.open(path, "rb"))
    if path.lower().endswith(".zst"):
        import pyarrow as pa

        stream = _Stream(pa.input_stream(path, compression="zstd"))
        return cast("BinaryIO", io.BufferedReader(stream, _BUFFER_BYTES))
    return open(path, "rb")  # noqa: PTH123 - a path as the supervisor gives it


class _Stream(io.RawIOBase):
    """A stream of pyarrow, for readers of lines."""

    def __init__(self, stream: Any) -> None:
        super().__init__()
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        found = self._stream.read(len(buffer))
        buffer[: len(found)] = found
        return len(found)


def _object(line: bytes) -> Row:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"the line is not JSON: {error.msg} at character {error.pos}") from None
    if not isinstance(row, dict):
        raise ValueError("the line is not a JSON object")  # noqa: TRY004 - bad data
    return row


def _csv(path: str, group: int | None, start: int) -> Iterator[Row]:
    del group
    csv.field_size_limit(2**31 - 1)
    with io.TextIOWrapper(_opened(path), encoding="utf-8-sig", newline="") as file:
        yield from islice(csv.DictReader(file), start, None)


def _complete(row: Row) -> Row:
    if None in row or None in row.values():
        raise ValueError("the row has more or fewer fields than the header")
    return row


def _as_it_is(row: Row) -> Row:
    return row


# For each format: what gives its rows from one on, and what decodes a row.
_FORMATS: dict[
    str, tuple[Callable[[str, int | None, int], Iterator[Any]], Callable[[Any], Row]]
] = {
    "parquet": (_parquet, _as_it_is),
    "arrow": (_arrow, _as_it_is),
    "jsonl": (_jsonl, _object),
    "csv": (_csv, _complete),
}
