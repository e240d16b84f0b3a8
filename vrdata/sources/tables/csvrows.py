"""The rows of a CSV file as Python's csv module reads them: quoted fields may have line ends.

The first row is the header. Values stay text: types that are guessed could differ between two
parts of one file.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from vrdata.sources.port import Part
from vrdata.sources.tables.table import MAX_ROW_BYTES, PART_BYTES, Table

_BOM = "\ufeff"


def csv_parts(table: Table) -> Iterator[Part]:
    """Parts of about PART_BYTES, each with the header; see `parts_of_table`."""
    csv.field_size_limit(MAX_ROW_BYTES)
    lines = _Lines(table)
    try:
        yield from _parts(table, lines, csv.reader(lines))
    except UnicodeDecodeError as error:
        table.damaged(f"it is not UTF-8: {error.reason} after byte {lines.stop}")
    except csv.Error as error:
        table.damaged(f"after byte {lines.stop}: {error}")
    finally:
        lines.close()


def _parts(table: Table, lines: _Lines, reader: Iterator[list[str]]) -> Iterator[Part]:
    header = next(reader, None)
    if header is None:  # an empty file has no columns and no rows
        return
    _check_header(table, header)
    end = start = stop = lines.end_row()
    row = rows = 0
    while table.left(row + rows) > 0 and (fields := next(reader, None)) is not None:
        before, stop = stop, lines.end_row()
        named = table.companions(dict(zip(header, fields, strict=False)))
        if named:
            if rows:
                yield table.part(row, rows, [(0, end), (start, before)])
            yield table.part(row + rows, 1, [(0, end), (before, stop)], companions=named)
            start, row, rows = stop, row + rows + 1, 0
            continue
        rows += bool(fields)
        if stop - start >= PART_BYTES and rows:
            yield table.part(row, rows, [(0, end), (start, stop)])
            start, row, rows = stop, row + rows, 0
    if rows:
        yield table.part(row, rows, [(0, end), (start, stop)])


def _check_header(table: Table, header: list[str]) -> None:
    if not header:
        table.damaged("its first line is blank, and should name the columns")
    table.check_columns(header)


class _Lines:
    """The lines of a file, and how many bytes of it they are.

    Attributes:
        stop: bytes of the lines so far.
    """

    def __init__(self, table: Table) -> None:
        self._table = table
        self._text = io.TextIOWrapper(table.buffered(), encoding="utf-8", newline="")
        self._row = 0
        self.stop = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._text.readline(MAX_ROW_BYTES)
        if not line:
            if self.stop > self._row:  # the csv module would take all that follows as its text
                self._table.damaged(f"a quote in the row at byte {self._row} is not closed")
            raise StopIteration
        first = self.stop == 0
        self.stop += len(line.encode())
        if self.stop - self._row > MAX_ROW_BYTES:
            limit = f"{MAX_ROW_BYTES >> 20} MiB"
            self._table.damaged(f"the row at byte {self._row} is longer than {limit}")
        return line.removeprefix(_BOM) if first else line

    def end_row(self) -> int:
        """Note that a row ends here; returns `stop`."""
        self._row = self.stop
        return self.stop

    def close(self) -> None:
        """Leave the file open."""
        self._text.detach().detach()
