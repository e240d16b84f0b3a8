"""Rows that cannot be stored, or that a hostile converter wrote, are refused by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from support.datasets.rowfiles import rows, source, stored_records, stream, write
from vrdata.dataset.formats.parquet import arrow
from vrdata.errors import InvalidInputError

SCHEMA = pa.schema([("step", pa.int64()), ("value", pa.float64())])


def other_columns(folder: Path) -> Any:
    return [rows(folder, SCHEMA, []), rows(folder, pa.schema([("a", pa.int64())]), [])]


def other_types(folder: Path) -> Any:
    schema = pa.schema([("step", pa.int32()), ("value", pa.float64())])
    return [rows(folder, SCHEMA, []), rows(folder, schema, [])]


def a_sample_after_rows(folder: Path) -> Any:
    return [rows(folder, SCHEMA, []), source(folder, b"png", "first_frame.png")]


def rows_after_a_sample(folder: Path) -> Any:
    return [source(folder, b"png", "first_frame.png"), rows(folder, SCHEMA, [])]


def with_schema(*fields: Any) -> Callable[[Path], Any]:
    return lambda folder: [source(folder, stream(pa.schema(list(fields)), []))]


def null_in_a_required_column(folder: Path) -> Any:
    schema = pa.schema([pa.field("a", pa.int64(), nullable=False)])
    batch = pa.RecordBatch.from_arrays([pa.array([None], pa.int64())], schema=schema)
    return [source(folder, stream(schema, [batch]))]


def null_in_a_required_field(folder: Path) -> Any:
    kind = pa.list_(pa.struct([pa.field("x", pa.int64(), nullable=False)]))
    array = pa.array([[{"x": None}]], pa.list_(pa.struct([("x", pa.int64())])))
    inner = pa.StructArray.from_arrays(
        [array.values.field("x")], fields=[pa.field("x", pa.int64(), nullable=False)]
    )
    column = pa.ListArray.from_arrays(array.offsets, inner)
    schema = pa.schema([("a", kind)])
    return [source(folder, stream(schema, [pa.RecordBatch.from_arrays([column], schema=schema)]))]


def compressed(folder: Path) -> Any:
    batch = pa.RecordBatch.from_pylist([{"step": 0, "value": 0.0}] * 1000, schema=SCHEMA)
    return [source(folder, stream(SCHEMA, [batch], compression="zstd"))]


def compressed_dictionary(folder: Path) -> Any:
    schema = pa.schema([("a", pa.dictionary(pa.int32(), pa.string()))])
    column = pa.array(["x" * 5000] * 9).dictionary_encode()
    batch = pa.RecordBatch.from_arrays([column], schema=schema)
    return [source(folder, stream(schema, [batch], compression="lz4"))]


def bytes_of(body: bytes) -> Callable[[Path], Any]:
    return lambda folder: [source(folder, body)]


def invalid_text(folder: Path) -> Any:
    offsets = (0).to_bytes(4, "little") + (1).to_bytes(4, "little")
    column = pa.StringArray.from_buffers(1, pa.py_buffer(offsets), pa.py_buffer(b"\xff"))
    schema = pa.schema([("a", pa.string())])
    return [source(folder, stream(schema, [pa.RecordBatch.from_arrays([column], schema=schema)]))]


def wrong_offsets(folder: Path) -> Any:
    body = bytearray(stream(pa.schema([("a", pa.string())]), [a_text("x" * 1000)]))
    at = body.rindex((1000).to_bytes(4, "little"), 0, len(body) - 1000)
    body[at : at + 4] = (2**30).to_bytes(4, "little")
    return [source(folder, bytes(body))]


def a_text(text: str) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.array([text])], schema=pa.schema([("a", pa.string())]))


REFUSED: list[tuple[Callable[[Path], Any], str]] = [
    (other_columns, "other columns than the items before"),
    (other_types, "other columns than the items before"),
    (a_sample_after_rows, "is a sample, unlike those before"),
    (rows_after_a_sample, "is rows, unlike those before"),
    (with_schema(), "has 0 columns"),
    (with_schema(("index", pa.int64())), "the column index"),
    (with_schema(("a", pa.int64()), ("a", pa.int64())), "two columns 'a'"),
    (with_schema(("", pa.int64())), "a column without a name"),
    (with_schema(*[(f"c{n}", pa.int64()) for n in range(1001)]), "1001 columns"),
    (with_schema(("a", pa.date64())), "date64"),
    (with_schema(("a", pa.string_view())), "string_view"),
    (with_schema(("a", pa.dense_union([pa.field("x", pa.int8())]))), "dense_union"),
    (with_schema(("a", pa.list_(pa.dictionary(pa.int8(), pa.string())))), "dictionary"),
    (null_in_a_required_column, "is not nullable"),
    (null_in_a_required_field, "is not nullable"),
    (compressed, "buffers are compressed"),
    (compressed_dictionary, "buffers are compressed"),
    (bytes_of(b""), "cannot be used"),
    (bytes_of(b"no arrow" * 50), "cannot be used"),
    (bytes_of(stream(SCHEMA, [])[:-9]), "cannot be used"),
    (invalid_text, "cannot be used"),
    (wrong_offsets, "cannot be used"),
]


@pytest.mark.parametrize(("items", "words"), REFUSED)
def test_rows_that_cannot_be_stored_are_refused(
    items: Callable[[Path], Any], words: str, tmp_path: Path
) -> None:
    with pytest.raises(InvalidInputError) as error:
        write(tmp_path, items(tmp_path))
    assert words in str(error.value)


def test_every_cut_of_a_stream_is_refused_or_has_fewer_rows(tmp_path: Path) -> None:
    batch = pa.RecordBatch.from_pylist([{"step": 1, "value": 2.0}] * 3, schema=SCHEMA)
    body = stream(SCHEMA, [batch, batch])
    for size in range(0, len(body), 7):
        try:
            records, pending = write(tmp_path, [source(tmp_path, body[:size])])
        except InvalidInputError:
            continue
        assert stored_records(pending) == records


def test_a_dictionary_whose_values_are_too_large_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrow, "MAX_BATCH", 10_000)
    schema = pa.schema([("a", pa.dictionary(pa.int32(), pa.string()))])
    column = pa.array(["x" * 1000] * 50).dictionary_encode()
    item = source(tmp_path, stream(schema, [pa.RecordBatch.from_arrays([column], schema=schema)]))
    with pytest.raises(InvalidInputError, match="values of a dictionary have 50000 bytes"):
        write(tmp_path, [item])


def test_a_record_batch_that_is_too_large_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrow, "MAX_BATCH", 100)
    with pytest.raises(InvalidInputError, match="a record batch has"):
        write(tmp_path, [rows(tmp_path, SCHEMA, [{"step": 1}] * 100)])
