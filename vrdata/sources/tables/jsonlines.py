"""The rows of a JSON Lines file: each line that is not blank."""

from __future__ import annotations

import json
from collections.abc import Iterator

from vrdata.sources.port import Part, PartFile
from vrdata.sources.tables.companions import MAY_NAME_FILES
from vrdata.sources.tables.table import MAX_ROW_BYTES, PART_BYTES, Table


def jsonl_parts(table: Table) -> Iterator[Part]:
    """Parts of about PART_BYTES, divided at the ends of lines; see `parts_of_table`.

    Lines end with a line feed, as for every reader of JSON Lines. Only a line that can name files
    is parsed: an invalid one is an item that fails.
    """
    lines = table.buffered()
    start = stop = row = rows = 0
    try:
        while table.left(row + rows) > 0 and (line := lines.readline(MAX_ROW_BYTES + 1)):
            if len(line) > MAX_ROW_BYTES:
                table.damaged(f"row {row + rows} is longer than {MAX_ROW_BYTES >> 20} MiB")
            before, stop = stop, stop + len(line)
            named = _companions(table, line)
            if named:
                if rows:
                    yield table.part(row, rows, [(start, before)])
                yield table.part(row + rows, 1, [(before, stop)], companions=named)
                start, row, rows = stop, row + rows + 1, 0
                continue
            rows += bool(line.strip())
            if stop - start >= PART_BYTES and rows:
                yield table.part(row, rows, [(start, stop)])
                start, row, rows = stop, row + rows, 0
        if rows:
            yield table.part(row, rows, [(start, stop)])
    finally:
        lines.detach()


def _companions(table: Table, line: bytes) -> tuple[PartFile, ...]:
    if table.find is None or not MAY_NAME_FILES.search(line):
        return ()
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return ()
    return table.companions(row) if isinstance(row, dict) else ()
