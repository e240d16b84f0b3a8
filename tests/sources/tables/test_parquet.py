"""A row group is read from the bytes of its part alone."""

from __future__ import annotations

import io
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.sources.tables import garbled, parts_of, staged
from vrdata.errors import InvalidInputError

IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("score", pa.float64()),
        ("image", IMAGE),
        ("steps", pa.list_(pa.struct([("x", pa.int32()), ("tags", pa.list_(pa.string()))]))),
        ("facts", pa.map_(pa.string(), pa.int64())),
    ]
)
ROW = st.fixed_dictionaries(
    {
        "id": st.sampled_from(["a", "b", None]) | st.text(max_size=5),
        "score": st.none() | st.floats(allow_nan=False),
        "image": st.none() | st.fixed_dictionaries({"bytes": st.binary(), "path": st.none()}),
        "steps": st.none()
        | st.lists(
            st.fixed_dictionaries(
                {"x": st.integers(0, 9), "tags": st.lists(st.text(max_size=2), max_size=2)}
            ),
            max_size=2,
        ),
        "facts": st.none()
        | st.lists(st.tuples(st.text(max_size=2), st.integers(0, 9)), max_size=2),
    }
)
OPTIONS = st.fixed_dictionaries(
    {
        "compression": st.sampled_from(["none", "snappy", "zstd", "gzip"]),
        "use_dictionary": st.booleans() | st.just(["id"]),
        "write_page_index": st.booleans(),
        "write_page_checksum": st.booleans(),
        "data_page_version": st.sampled_from(["1.0", "2.0"]),
        "data_page_size": st.sampled_from([64, 1024 * 1024]),
        "write_statistics": st.booleans(),
    }
)


def written(table: pa.Table, group: int = 2, **options: Any) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink, row_group_size=group, **options)
    return sink.getvalue()


def numbers(rows: int, group: int = 10) -> bytes:
    return written(pa.table({"n": list(range(rows))}), group)


@given(st.lists(ROW, max_size=7), st.integers(1, 3), OPTIONS)
def test_each_row_group_is_read_from_its_ranges_alone(
    rows: list[dict[str, Any]], group: int, options: dict[str, Any]
) -> None:
    body = written(pa.Table.from_pylist(rows, SCHEMA), group, **options)
    original = pq.ParquetFile(io.BytesIO(body))
    table = original.read()
    parts = parts_of(body, "rows.parquet")
    assert sum(part.items for part in parts) == len(rows)
    for part, path in staged(body, parts):
        wanted = original.read_row_group(part.group)
        assert wanted.equals(table.slice(part.row, part.items))
        assert pq.ParquetFile(path).read_row_group(part.group).equals(wanted)
        pages = io.BytesIO(garbled(body, part))
        found = pq.ParquetFile(pages, page_checksum_verification=True, pre_buffer=True)
        assert found.read_row_group(part.group).equals(wanted)


def test_a_part_needs_no_bytes_of_other_row_groups() -> None:
    sink = io.BytesIO()
    table = pa.table({"image": [bytes([n]) * 10_000 for n in range(8)]})
    pq.write_table(table, sink, row_group_size=2, compression="none", use_dictionary=False)
    parts = parts_of(sink.getvalue(), "rows.parquet")
    assert len(parts) == 4
    assert all(20_000 < part.bytes < 25_000 for part in parts)


def test_items_and_rows_continue_over_row_groups_and_files() -> None:
    parts = parts_of(numbers(25), "rows.parquet", first=100)
    assert [(part.first, part.items, part.row) for part in parts] == [
        (100, 10, 0),
        (110, 10, 10),
        (120, 5, 20),
    ]


@pytest.mark.parametrize(
    ("limit", "sizes"), [(1, [1]), (10, [10]), (11, [10, 1]), (25, [10, 10, 5]), (99, [10, 10, 5])]
)
def test_a_limit_cuts_the_last_row_group(limit: int, sizes: list[int]) -> None:
    assert [one.items for one in parts_of(numbers(25), "rows.parquet", limit=limit)] == sizes


def test_more_rows_than_bytes_are_counted() -> None:
    body = written(pa.table({"n": [7] * 1_000_000}), 1_000_000)
    assert len(body) < 100_000
    assert [part.items for part in parts_of(body, "rows.parquet")] == [1_000_000]


@pytest.mark.parametrize("rows", [[], [[]], [[], [1], []]], ids=["none", "empty", "between"])
def test_row_groups_without_rows_are_skipped(rows: list[list[int]]) -> None:
    sink = io.BytesIO()
    schema = pa.schema([("n", pa.int64())])
    with pq.ParquetWriter(sink, schema) as writer:
        for group in rows:
            writer.write_table(pa.table({"n": group}, schema))
    parts = parts_of(sink.getvalue(), "rows.parquet")
    assert [part.items for part in parts] == [len(group) for group in rows if group]


def test_rows_without_columns_are_counted() -> None:
    body = written(pa.table({"n": [1, 2]}).select([]))
    assert sum(part.items for part in parts_of(body, "rows.parquet")) in {0, 2}


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "it has only 0 bytes"),
        (b"PAR1", "it has only 4 bytes"),
        (numbers(25)[:-1], "truncated or has another format"),
        (numbers(25)[:300], "truncated or has another format"),
        (b"<!DOCTYPE html><html><body>Sign in</body></html>", "has another format"),
        (numbers(25)[:-4] + b"PARE", "it is encrypted"),
        (numbers(25)[:-8] + b"\xff\xff\xff\x7fPAR1", "its footer is longer than the file"),
        (numbers(25)[:-8] + b"\x05\x00\x00\x00PAR1", "rows.parquet"),
        (b"PAR1" + numbers(25)[400:], "outside"),
        (numbers(25).replace(b"parquet-cpp", b"parquet-cp\xff"), "utf-8"),
    ],
)
def test_a_damaged_file_is_refused_by_name(body: bytes, why: str) -> None:
    with pytest.raises(InvalidInputError, match=r"rows\.parquet cannot be read as") as caught:
        parts_of(body, "rows.parquet")
    assert why in str(caught.value)


@given(st.data())
def test_damaged_bytes_of_the_footer_are_refused_or_read(data: st.DataObject) -> None:
    body = bytearray(numbers(25))
    for _ in range(data.draw(st.integers(1, 3))):
        body[data.draw(st.integers(-300, -1))] = data.draw(st.integers(0, 255))
    try:
        parts = parts_of(bytes(body), "rows.parquet")
    except InvalidInputError:
        return
    for part in parts:
        assert part.items > 0
        for start, stop in part.files[0].ranges:
            assert 0 <= start < stop <= len(body)


def test_a_column_that_occurs_twice_is_refused_by_name() -> None:
    body = written(pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["n", "n"]))
    with pytest.raises(InvalidInputError, match="the column 'n' more than once"):
        parts_of(body, "rows.parquet")
