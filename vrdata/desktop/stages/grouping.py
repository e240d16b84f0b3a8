"""The rows of a table, one recording after the other, each in the order of time."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from vrdata.bounded.closing import Closing
from vrdata.bounded.records import SortedRecords
from vrdata.desktop.tables.reading import Split
from vrdata.errors import InvalidInputError

Row = tuple[object, ...]
_TIME = struct.Struct(">Q")
_OFFSET = 2**63  # signed times sort as unsigned ones
NULLABLE = frozenset({"state"})
"""Columns that need not have a value in each row."""
SLICE_ROWS = 10_000  # rows that are Python objects at the same time


class Grouped(Closing):
    """The rows of a split, sorted by recording and time; a context manager.

    A table that is in order, as each stage writes it, is streamed; another one is sorted on disk.

    Args:
        split: of the table.
        columns: to return; the first is `file_path`, the second the time or the index.
        keep_topics: only rows of these topics; None = all.

    Attributes:
        topics: those of `keep_topics` that have rows, complete after the iteration.
    """

    def __init__(
        self, split: Split, columns: Sequence[str], keep_topics: Sequence[str] | None = None
    ) -> None:
        self._split = split
        self._columns = list(columns)
        self._topics = None if keep_topics is None else pa.array(keep_topics, pa.string())
        self._sorted: SortedRecords | None = None
        self.topics: set[str] = set()

    def close(self) -> None:
        """See `Closing.close`."""
        if self._sorted is not None:
            self._sorted.close()

    def recordings(self) -> Iterator[tuple[str, Iterator[Row]]]:
        """Each recording with its rows, to be read in this order.

        Raises:
            InvalidInputError: the table is damaged, or a cell is null that needs a value.
            OSError: it cannot be read, or sorting finds no space.
        """
        rows = self._rows() if self._in_order() else self._sorted_rows()
        for name, group in groupby(rows, key=itemgetter(0)):
            yield str(name), group

    def _batches(self) -> Iterator[pa.RecordBatch]:
        for batch in self._split.batches():
            kept = batch
            if self._topics is not None:
                kept = batch.filter(pc.is_in(batch.column("topic"), value_set=self._topics))
                self.topics.update(pc.unique(kept.column("topic")).to_pylist())
            if kept.num_rows:
                yield self._complete(kept.select(self._columns))

    def _complete(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        for name, column in zip(self._columns, batch.columns, strict=True):
            if column.null_count and name not in NULLABLE:
                raise InvalidInputError(
                    f"split {self._split.name} has rows without {name}",
                    why=f"{column.null_count} cells of the column are null",
                    fix="drop these rows, or run the previous stage again",
                )
        return batch

    def _rows(self) -> Iterator[Row]:
        for batch in self._batches():
            for start in range(0, batch.num_rows, SLICE_ROWS):
                part = batch.slice(start, SLICE_ROWS)
                yield from zip(*(column.to_pylist() for column in part.columns), strict=True)

    def _in_order(self) -> bool:
        """Whether each recording is in one piece, and its rows in the order of time."""
        last: tuple[str, int] | None = None
        for batch in self._batches():
            names, times = batch.column(0), batch.column(1)
            same = pc.equal(names[1:], names[:-1])
            later = pc.greater_equal(times[1:], times[:-1])
            after = pc.greater(names[1:], names[:-1])
            if not pc.all(pc.or_(after, pc.and_(same, later)), min_count=0).as_py():
                return False
            first = (names[0].as_py(), times[0].as_py())
            if last is not None and first < last:
                return False
            last = (names[-1].as_py(), times[-1].as_py())
        return True

    def _sorted_rows(self) -> Iterator[Row]:
        self._sorted = SortedRecords()
        binary = [pa.types.is_binary(self._split.schema.field(name).type) for name in self._columns]
        for row in self._rows():
            name, time = str(row[0]), row[1]
            assert isinstance(time, int)  # noqa: S101 - its column is one of integers
            key = name.encode() + b"\0" + _TIME.pack(time + _OFFSET)
            self._sorted.add(key, _packed(row))
        for payload in self._sorted:
            yield _unpacked(payload, binary)


def _packed(row: Row) -> bytes:
    return orjson.dumps(
        [value.decode("latin-1") if isinstance(value, bytes) else value for value in row]
    )


def _unpacked(payload: bytes, binary: Sequence[bool]) -> Row:
    values = zip(orjson.loads(payload), binary, strict=True)
    return tuple(
        value.encode("latin-1") if is_bytes and value is not None else value
        for value, is_bytes in values
    )
