"""Divide a table into parts by its format."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO

from vrdata.sources.port import Part
from vrdata.sources.tables.arrow import arrow_parts
from vrdata.sources.tables.companions import Find
from vrdata.sources.tables.compressed import compressed_parts
from vrdata.sources.tables.csvrows import csv_parts
from vrdata.sources.tables.formats import TableFormat, compression
from vrdata.sources.tables.jsonlines import jsonl_parts
from vrdata.sources.tables.parquet import parquet_parts
from vrdata.sources.tables.table import Table

_FORMATS: dict[TableFormat, Callable[[Table], Iterator[Part]]] = {
    "parquet": parquet_parts,
    "arrow": arrow_parts,
    "jsonl": jsonl_parts,
    "csv": csv_parts,
}


def parts_of_table(  # noqa: PLR0913 - the facts of a file
    file: BinaryIO,
    name: str,
    size: int,
    digest: str,
    format: TableFormat,  # noqa: A002 - as Part.format
    first: int,
    limit: int | None = None,
    find: Find | None = None,
) -> Iterator[Part]:
    """The parts of a table in the order of its rows; parts without rows are skipped.

    Of a Parquet or Arrow file, the parts are its row groups or record batches, and only its footer
    is read. Files of text are read to the end to count their rows. A compressed one is one part.

    Args:
        file: the table, open for random access; it is not closed.
        name: path of the file below the source.
        size: bytes of the file.
        digest: of the whole file, for each part.
        format: see `table_format`.
        first: index of the first item.
        limit: the most items; nothing after them is read.
        find: finds files that rows of text name; such a row is a part of its own, with its files.

    Raises:
        InvalidInputError: the table is damaged, encrypted or not of this format, or a row names a
            file that does not exist.
    """
    table = Table(file, name, size, digest, format, first, limit, find)
    if how := compression(name):
        yield from compressed_parts(table, how, _FORMATS[format])
    else:
        yield from _FORMATS[format](table)
