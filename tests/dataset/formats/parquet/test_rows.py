"""Rows of converters: the digest of an item depends on its values alone, and survives Parquet."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.datasets.rowfiles import (
    FORMAT,
    members,
    rows,
    source,
    stored_records,
    stream,
    write,
)
from support.memorystore import MemoryStore
from vrdata.dataset.formats.parquet import output
from vrdata.dataset.formats.parquet.canonical import RowsDigest
from vrdata_child.items.rows import write_rows

PLAIN: list[tuple[pa.DataType, st.SearchStrategy[Any]]] = [
    (pa.int8(), st.integers(-128, 127)),
    (pa.uint64(), st.integers(0, 2**64 - 1)),
    (pa.float64(), st.floats()),
    (pa.float32(), st.floats(width=32)),
    (pa.bool_(), st.booleans()),
    (pa.string(), st.text(max_size=5)),
    (pa.large_binary(), st.binary(max_size=5)),
    (pa.binary(2), st.binary(min_size=2, max_size=2)),
    (pa.date32(), st.dates()),
    (pa.timestamp("us", "UTC"), st.integers(0, 2**32)),
    (pa.timestamp("s"), st.integers(0, 2**32)),
    (pa.duration("ms"), st.integers(-1000, 1000)),
    (pa.decimal128(9, 2), st.decimals(-1000, 1000, places=2)),
    (pa.null(), st.none()),
    (pa.dictionary(pa.int32(), pa.string()), st.sampled_from(["a", "b", ""])),
    (pa.dictionary(pa.int8(), pa.int64()), st.integers(0, 3)),
]
Typed = tuple[pa.DataType, st.SearchStrategy[Any]]


def lists(inner: Typed) -> Typed:
    return pa.list_(inner[0]), st.lists(st.none() | inner[1], max_size=3)


def fixed(inner: Typed) -> Typed:
    return pa.list_(inner[0], 2), st.lists(st.none() | inner[1], min_size=2, max_size=2)


def structs(inner: Typed) -> Typed:
    kind = pa.struct([("a", inner[0]), ("b", pa.large_list(pa.string()))])
    texts = st.none() | st.lists(st.none() | st.text(max_size=3), max_size=2)
    return kind, st.fixed_dictionaries({"a": st.none() | inner[1], "b": texts})


def maps(inner: Typed) -> Typed:
    pairs = st.dictionaries(st.text(max_size=3), st.none() | inner[1], max_size=3)
    return pa.map_(pa.string(), inner[0]), pairs.map(lambda found: list(found.items()))


def nested(depth: int) -> st.SearchStrategy[Typed]:
    only_plain = (pa.timestamp("s"), *(one for one, _ in PLAIN if pa.types.is_dictionary(one)))
    leaves = st.sampled_from([one for one in PLAIN if one[0] not in only_plain])
    if not depth:
        return leaves
    wrap = st.sampled_from([lists, fixed, structs, maps])
    return st.builds(lambda how, inner: how(inner), wrap, nested(depth - 1))


typed = st.sampled_from(PLAIN) | nested(1) | nested(2)


@st.composite
def columns(draw: st.DrawFn) -> pa.Table:
    """A table of one to three columns with up to twelve rows."""
    count = draw(st.integers(0, 12))
    arrays, fields = [], []
    for number in range(draw(st.integers(1, 3))):
        kind, values = draw(typed)
        cells = draw(st.lists(st.none() | values, min_size=count, max_size=count))
        arrays.append(as_array(cells, kind))
        fields.append(pa.field(f"column {number}", kind))
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


def as_array(cells: list[Any], kind: pa.DataType) -> pa.Array:
    if pa.types.is_dictionary(kind):
        return pa.array(cells, kind.value_type).dictionary_encode().cast(kind)
    return pa.array(cells, kind)


def cut(table: pa.Table, places: list[int]) -> list[pa.RecordBatch]:
    """The rows in batches that end at these places; the batches are slices of one array."""
    (whole,) = table.combine_chunks().to_batches() or [
        pa.RecordBatch.from_arrays(
            [pa.nulls(0, one.type) for one in table.schema], schema=table.schema
        )
    ]
    ends = sorted({0, *(min(place, table.num_rows) for place in places), table.num_rows})
    return [whole.slice(start, stop - start) for start, stop in pairwise(ends)]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tables=st.lists(columns(), min_size=1, max_size=1), places=st.lists(st.integers(0, 12)))
def test_the_digest_does_not_depend_on_batches_slices_and_row_groups(
    tables: list[pa.Table], places: list[int], tmp_path: Path
) -> None:
    (table,) = tables
    whole = source(tmp_path, stream(table.schema, cut(table, [])))
    parts = source(tmp_path, stream(table.schema, cut(table, places)))
    half = table.num_rows // 2
    start = source(tmp_path, stream(table.schema, cut(table.slice(0, half), places)))
    rest = source(tmp_path, stream(table.schema, cut(table.slice(half), [])))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("vrdata.dataset.formats.parquet.rows.ROWS", 5)
        records, pending = write(tmp_path, [whole, parts, start, rest], first=7)
    assert records[0] == records[1]
    assert stored_records(pending) == records
    assert pq.read_table(pending.path).column("index").to_pylist() == (
        [7] * table.num_rows + [8] * table.num_rows + [9] * half + [10] * (table.num_rows - half)
    )


@given(table=columns())
def test_bytes_behind_nulls_and_unused_values_do_not_count(table: pa.Table) -> None:
    """Taking rows by their numbers makes new arrays, without what slices hide."""
    plain = pa.schema([one for one in table.schema if not pa.types.is_dictionary(one.type)])
    found = table.select(plain.names)
    if not plain.names:
        return
    whole = found.combine_chunks().to_batches()
    padded = pa.concat_tables([found.slice(0, 1), found, found.slice(0, 1)]).combine_chunks()
    sliced = padded.slice(min(1, found.num_rows), found.num_rows).to_batches()
    assert digest(plain, whole) == digest(plain, sliced)


def digest(schema: pa.Schema, batches: list[pa.RecordBatch]) -> bytes:
    made = RowsDigest(schema)
    for batch in batches:
        made.add(batch)
    return made.body()


DIFFERENT = [
    (pa.int64(), [None, 0], [0, None]),
    (pa.int64(), [0], [None]),
    (pa.float64(), [0.0], [-0.0]),
    (pa.string(), ["ab", "c"], ["a", "bc"]),
    (pa.string(), [""], [None]),
    (pa.list_(pa.int64()), [[1], [2]], [[1, 2], []]),
    (pa.list_(pa.int64()), [[]], [None]),
    (pa.list_(pa.int64()), [[None]], [[]]),
    (pa.struct([("a", pa.int64())]), [{"a": None}], [None]),
    (pa.map_(pa.string(), pa.int64()), [[("a", 1)]], [[("a", None)]]),
    (pa.bool_(), [True, False], [False, True]),
    (pa.null(), [None], [None, None]),
]


@pytest.mark.parametrize(("kind", "one", "other"), DIFFERENT)
def test_other_values_have_another_digest(kind: pa.DataType, one: Any, other: Any) -> None:
    schema = pa.schema([("a", kind)])
    bodies = [
        digest(schema, [pa.RecordBatch.from_arrays([pa.array(cells, kind)], schema=schema)])
        for cells in (one, other)
    ]
    assert bodies[0] != bodies[1]


def test_the_digest_is_json_that_docs_describe() -> None:
    schema = pa.schema([("a", pa.string())])
    batch = pa.RecordBatch.from_arrays([pa.array(["ab", None])], schema=schema)
    found = json.loads(digest(schema, [batch]))
    assert found["rows"] == 2
    (column,) = found["columns"]
    assert (column["name"], column["type"]) == ("a", "string")
    assert [size for size, _ in column["streams"]] == [2, 8, 2]


SCHEMA = pa.schema([("step", pa.int64()), ("value", pa.float64())])


def test_what_the_child_of_a_converter_writes_is_read(tmp_path: Path) -> None:
    schema = pa.schema([("t", pa.int64()), ("l", pa.list_(pa.float32()))])
    items = []
    for count in (0, 1, 3):
        path = tmp_path / str(count)
        write_rows(path, [{"t": at, "l": [0.5]} for at in range(count)], schema)
        items.append(source(tmp_path, path.read_bytes()))
    records, pending = write(tmp_path, items)
    assert stored_records(pending) == records
    assert pq.read_table(pending.path).column("t").to_pylist() == [0, 0, 1, 2]


def test_items_without_rows_are_kept_between_those_with_rows(tmp_path: Path) -> None:
    counts = [0, 2, 0, 0, 1, 0]
    items = [rows(tmp_path, SCHEMA, [{"step": at} for at in range(one)]) for one in counts]
    records, pending = write(tmp_path, items, first=3)
    found = members(pending.path.read_bytes())
    assert [FORMAT.locate(member.name)[0] for member in found] == [3, 4, 5, 6, 7, 8]
    assert [json.loads(member.body)["rows"] for member in found] == counts
    assert stored_records(pending) == records


def test_equal_rows_give_an_equal_file(tmp_path: Path) -> None:
    made = [write(tmp_path, [rows(tmp_path, SCHEMA, [{"step": 1}])])[1] for _ in range(2)]
    assert made[0].sha256 == made[1].sha256
    assert made[0].columns == made[1].columns


def test_the_file_has_the_declared_columns_after_the_index(tmp_path: Path) -> None:
    _, pending = write(tmp_path, [rows(tmp_path, SCHEMA, [{"step": 1, "value": 0.5}])], first=9)
    assert pq.read_table(pending.path).to_pylist() == [{"index": 9, "step": 1, "value": 0.5}]


def test_metadata_of_the_schema_are_kept(tmp_path: Path) -> None:
    schema = SCHEMA.with_metadata({"huggingface": "{}"})
    _, pending = write(tmp_path, [rows(tmp_path, schema, [{"step": 1}])])
    assert pq.read_schema(pending.path).metadata[b"huggingface"] == b"{}"


def test_one_item_is_found_by_its_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from vrdata.dataset.formats.parquet.lookup import find_file

    monkeypatch.setattr("vrdata.dataset.formats.parquet.rows.ROWS", 3)
    items = [rows(tmp_path, SCHEMA, [{"step": at}] * at) for at in range(6)]
    _, pending = write(tmp_path, items)
    store = MemoryStore()
    store.put_new("k", pending.path, sha256=pending.sha256)
    bodies = [member.body for member in members(pending.path.read_bytes())]
    assert [find_file(store, "k", pending.size, at, "rows.json") for at in range(6)] == bodies


def test_row_groups_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vrdata.dataset.formats.parquet.rows.GROUP_BYTES", 10_000)
    schema = pa.schema([("a", pa.string())])
    items = [rows(tmp_path, schema, [{"a": "x" * 100}] * 1000) for _ in range(2)]
    records, pending = write(tmp_path, items)
    found = pq.read_metadata(pending.path)
    sizes = [found.row_group(at).total_byte_size for at in range(found.num_row_groups)]
    assert max(sizes) < 25_000
    assert found.num_row_groups > 10
    assert stored_records(pending) == records
    assert output.ROWS == 100_000
