"""The row groups of a Parquet file and the bytes that each one needs.

A reader needs the column chunks of the row group, each with its dictionary page, and the footer at
the end of the file. Page indexes and bloom filters, which are elsewhere, serve to skip rows; a
whole row group is read without them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from vrdata.parquet import open_parquet
from vrdata.sources.port import Part
from vrdata.sources.tables.table import Range, Table

MAGIC = b"PAR1"
_ENCRYPTED = b"PARE"
_TAIL_BYTES = 8  # length of the footer, and the magic number
# Their writer leaves the header of the dictionary page out of the size (PARQUET-816); readers add
# 100 bytes to the chunks of such files.
_SHORT_SIZES = re.compile(r"parquet-mr version (0\.|1\.[012]\.)")
_PADDING = 100


def parquet_parts(table: Table) -> Iterator[Part]:
    """One part for each row group that has rows; see `parts_of_table`."""
    footer = _footer(table)
    metadata, writer = _metadata(table)
    _check_columns(table, metadata)
    padding = _PADDING if _SHORT_SIZES.match(writer) else 0
    row = 0
    for number in range(metadata.num_row_groups):
        left = table.left(row)
        if left <= 0:
            return
        group = metadata.row_group(number)
        if group.num_rows < 0:
            table.damaged(f"row group {number} has a negative number of rows")
        if group.num_rows:
            chunks = [_chunk(table, group, n, footer[0], padding) for n in range(group.num_columns)]
            ranges = [(0, len(MAGIC)), *chunks, footer]
            yield table.part(row, min(left, group.num_rows), ranges, number)
        row += group.num_rows


def _footer(table: Table) -> Range:
    """The bytes of the footer, to the end of the file."""
    if table.size < len(MAGIC) + _TAIL_BYTES:
        table.damaged(f"it has only {table.size} bytes")
    tail = table.read(table.size - _TAIL_BYTES, table.size)
    if tail[4:] == _ENCRYPTED:
        table.damaged("it is encrypted")
    if tail[4:] != MAGIC:
        table.damaged("it does not end like one, so it is truncated or has another format")
    length = int.from_bytes(tail[:4], "little")
    start = table.size - _TAIL_BYTES - length
    if start < len(MAGIC):
        table.damaged("its footer is longer than the file")
    table.check_metadata(length, "its footer")
    return start, table.size


def _metadata(table: Table) -> tuple[Any, str]:
    """The metadata, and the program that wrote the file."""
    table.file.seek(0)
    try:
        metadata = open_parquet(table.file).metadata
        writer = metadata.created_by or ""
    except (pa.ArrowException, OSError, ValueError) as error:  # ValueError: a text is not UTF-8
        table.damaged(str(error))
    return metadata, writer


def _check_columns(table: Table, metadata: Any) -> None:
    try:
        names = metadata.schema.to_arrow_schema().names
    except (pa.ArrowException, OSError, ValueError) as error:
        table.damaged(str(error))
    table.check_columns(names)


def _chunk(table: Table, group: Any, number: int, end: int, padding: int) -> Range:
    """The bytes of one column in a row group.

    Args:
        end: start of the footer.
        padding: bytes to read after it.
    """
    try:
        column = group.column(number)
        elsewhere, name = column.file_path, column.path_in_schema
    except (pa.ArrowException, OSError, ValueError) as error:
        table.damaged(str(error))
    if elsewhere:
        table.damaged(f"its data is in another file, {elsewhere}")
    start = column.data_page_offset
    if column.has_dictionary_page and 0 < column.dictionary_page_offset < start:
        start = column.dictionary_page_offset
    stop = start + column.total_compressed_size
    if not len(MAGIC) <= start <= stop <= end:
        table.damaged(f"column {name} is at bytes {start} to {stop}, outside")
    return start, min(stop + padding, end)
