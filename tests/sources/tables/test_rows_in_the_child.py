"""The reader of a generator's process finds each item's row in the staged file of its part."""

from __future__ import annotations

import csv
import io
import json
from typing import Any
from unittest.mock import patch

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from support.sources.tables import parts_of, staged
from vrdata.sources.tables import csvrows, jsonlines
from vrdata_child.items.tables import TableReader

ROWS = [{"id": str(n), "text": f'"{n}",\r\né\n' * (n % 3)} for n in range(25)]


def parquet() -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(ROWS), sink, row_group_size=7)
    return sink.getvalue()


def arrow(open_writer: Any) -> bytes:
    sink, table = io.BytesIO(), pa.Table.from_pylist(ROWS)
    with open_writer(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=7)
    return sink.getvalue()


def jsonl() -> bytes:
    return b"\n\n".join(json.dumps(row).encode() for row in ROWS)


def comma_separated() -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, ["id", "text"])
    writer.writeheader()
    writer.writerows(ROWS)
    return text.getvalue().encode("utf-8-sig")


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("rows.parquet", parquet()),
        ("file.arrow", arrow(pa.ipc.new_file)),
        ("stream.arrow", arrow(pa.ipc.new_stream)),
        ("rows.jsonl", jsonl()),
        ("rows.csv", comma_separated()),
    ],
)
def test_each_item_is_its_row(name: str, body: bytes) -> None:
    with (
        patch.object(csvrows, "PART_BYTES", 50),
        patch.object(jsonlines, "PART_BYTES", 50),
    ):
        parts = parts_of(body, name, first=100, limit=22)
    assert len(parts) > 3
    found = {}
    for part, path in staged(body, parts):
        for item in range(part.first, part.first + part.items):
            row = TableReader().row(part.format, str(path), part.group, item - part.first)
            found[part.key(item)] = row
    assert found == {f"{name}#{n}": row for n, row in enumerate(ROWS[:22])}
