"""A table that is divided into parts, and what its formats share."""

from __future__ import annotations

import io
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, NoReturn, cast

from vrdata.errors import InvalidInputError
from vrdata.sources.port import Part, PartFile
from vrdata.sources.tables.companions import Find, companions
from vrdata.sources.tables.formats import TableFormat
from vrdata.text import human_bytes

Range = tuple[int, int]

PART_BYTES = 4 * 1024 * 1024
"""Files of text are divided into parts of about this size: each shard fetches its parts only."""

MAX_ROW_BYTES = 512 * 1024 * 1024
"""The longest row of a file of text: one row is in memory at a time."""

MAX_METADATA_BYTES = 16 * 1024 * 1024
"""The longest footer of a Parquet or Arrow file, or metadata of an Arrow message. A reader needs
many times that memory; 16 MiB describe 1000 columns in 200 row groups, or 700 000 batches."""

_FIX = "fetch or write the file again, or name only other files in source.include of a run file"
_TITLES = {
    "parquet": "a Parquet file",
    "arrow": "an Arrow file",
    "jsonl": "JSON Lines",
    "csv": "CSV",
}


@dataclass(frozen=True, slots=True)
class Table:
    """A table; see `parts_of_table`."""

    file: BinaryIO
    name: str
    size: int
    digest: str
    format: TableFormat
    first: int
    limit: int | None
    find: Find | None = None

    def left(self, rows: int) -> int:
        """How many more rows are needed after the first `rows`; negative if there are too many."""
        return sys.maxsize if self.limit is None else self.limit - rows

    def part(
        self,
        row: int,
        rows: int,
        ranges: Iterable[Range],
        group: int | None = None,
        companions: tuple[PartFile, ...] = (),
    ) -> Part:
        """A part.

        Args:
            row: number of its first row in the table.
            rows: number of its rows.
            ranges: the bytes that it needs, in any order.
            group: as `Part.group`.
            companions: the files that its only row names.
        """
        merged = merge(ranges)
        whole = merged == ((0, self.size),)
        file = PartFile(self.name, self.size, self.digest, () if whole else merged)
        return Part(self.first + row, rows, (file, *companions), self.format, group, row)

    def companions(self, row: Mapping[str, Any]) -> tuple[PartFile, ...]:
        """The files that a row names; see `companions`."""
        return () if self.find is None else companions(self.name, row, self.find)

    def read(self, start: int, stop: int) -> bytes:
        """The bytes `[start, stop)`.

        Raises:
            InvalidInputError: they are not all in the file.
        """
        if not 0 <= start <= stop <= self.size:
            self.damaged(f"it refers to bytes {start} to {stop} of {self.size}")
        self.file.seek(start)
        found = b""
        while len(found) < stop - start:
            more = self.file.read(stop - start - len(found))
            if not more:
                self.damaged(f"it ends at byte {start + len(found)} instead of {self.size}")
            found += more
        return found

    def check_metadata(self, size: int, what: str) -> None:
        """Raise InvalidInputError for metadata that is too long to read.

        Args:
            size: bytes that the file declares.
            what: the metadata.
        """
        if size > MAX_METADATA_BYTES:
            self.damaged(
                f"{what} has {human_bytes(size)}, more than {human_bytes(MAX_METADATA_BYTES)}"
            )

    def check_columns(self, names: Sequence[str]) -> None:
        """Raise InvalidInputError for a name that occurs twice: a row is a dict."""
        twice = next((name for name, number in Counter(names).items() if number > 1), None)
        if twice is not None:
            self.damaged(f"it has the column {twice!r} more than once")

    def buffered(self) -> io.BufferedReader:
        """The file from its start, for reading lines; detach it at the end."""
        self.file.seek(0)
        return io.BufferedReader(cast("io.RawIOBase", self.file), 1024 * 1024)

    def damaged(self, why: str, fix: str = _FIX) -> NoReturn:
        """Raise InvalidInputError for a file that cannot be read."""
        raise InvalidInputError(
            f"{self.name} cannot be read as {_TITLES[self.format]}",
            why=why,
            fix=fix,
        )


def merge(ranges: Iterable[Range]) -> tuple[Range, ...]:
    """Ascending ranges without empty ones; those that touch or overlap become one."""
    merged: list[Range] = []
    for start, stop in sorted(ranges):
        if start == stop:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(stop, merged[-1][1]))
        else:
            merged.append((start, stop))
    return tuple(merged)
