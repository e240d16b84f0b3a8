"""A record batch is read from the bytes of its part alone, as a stream of its own."""

from __future__ import annotations

import io
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import feather

from support.sources.tables import parts_of, staged
from vrdata.errors import InvalidInputError

SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("kind", pa.dictionary(pa.int32(), pa.string())),
        ("steps", pa.list_(pa.struct([("x", pa.int32()), ("kind", pa.string())]))),
        ("image", pa.binary()),
    ]
)
ROW = st.fixed_dictionaries(
    {
        "id": st.none() | st.text(max_size=5),
        "kind": st.sampled_from(["a", "b", "c", None]),
        "steps": st.lists(
            st.fixed_dictionaries({"x": st.integers(0, 9), "kind": st.text(max_size=1)}), max_size=2
        ),
        "image": st.binary(max_size=20),
    }
)


def written(batches: list[list[dict[str, Any]]], *, stream: bool, **options: Any) -> bytes:
    sink = io.BytesIO()
    open_writer = pa.ipc.new_stream if stream else pa.ipc.new_file
    whole = pa.RecordBatch.from_pylist([row for rows in batches for row in rows], SCHEMA)
    start = 0
    with open_writer(sink, SCHEMA, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        for rows in batches:  # a stream may replace a dictionary, a file may not
            own = pa.RecordBatch.from_pylist(rows, SCHEMA)
            writer.write_batch(own if stream else whole.slice(start, len(rows)))
            start += len(rows)
    return sink.getvalue()


def numbers(*, stream: bool) -> bytes:
    rows = [{"id": str(n), "kind": "abc"[n % 3], "steps": [], "image": b"x" * 99} for n in range(9)]
    return written([rows[:4], rows[4:8], rows[8:]], stream=stream)


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "file"])
@given(
    batches=st.lists(st.lists(ROW, max_size=3), max_size=4),
    compression=st.sampled_from([None, "lz4", "zstd"]),
    legacy=st.booleans(),
)
def test_each_record_batch_is_a_stream_of_its_own(
    stream: bool, batches: list[list[dict[str, Any]]], compression: str | None, legacy: bool
) -> None:
    options = {"compression": compression, "use_legacy_format": legacy and not compression}
    body = written(batches, stream=stream, **options)
    parts = parts_of(body, "rows.arrow")
    assert [part.items for part in parts] == [len(rows) for rows in batches if rows]
    assert all(part.group is None for part in parts)
    rows = [row for batch in batches for row in batch]
    for part, path in staged(body, parts):
        with pa.OSFile(str(path)) as file:
            reader = pa.ipc.open_file if file.read(6) == b"ARROW1" else pa.ipc.open_stream
            file.seek(0)
            found = reader(file).read_all().to_pylist()
        assert found == rows[part.row : part.row + part.items]


def test_a_feather_file_is_an_arrow_file() -> None:
    sink = io.BytesIO()
    feather.write_feather(pa.table({"n": list(range(10))}), sink, chunksize=4)
    assert [part.items for part in parts_of(sink.getvalue(), "rows.feather")] == [4, 4, 2]


def test_a_dictionary_that_grows_from_batch_to_batch_is_read_whole() -> None:
    kind = pa.dictionary(pa.int32(), pa.string())
    kinds = [pa.array(values, kind) for values in (["a"], ["a", "b"], ["a", "b", "c"])]
    sink = io.BytesIO()
    options = pa.ipc.IpcWriteOptions(emit_dictionary_deltas=True)
    with pa.ipc.new_file(sink, pa.schema([("kind", kind)]), options=options) as writer:
        for values in kinds:
            writer.write_batch(pa.RecordBatch.from_arrays([values], ["kind"]))
    parts = parts_of(sink.getvalue(), "rows.arrow")
    for (_, path), values in zip(staged(sink.getvalue(), parts), kinds, strict=True):
        with pa.OSFile(str(path)) as file:
            assert pa.ipc.open_stream(file).read_all()["kind"].to_pylist() == values.to_pylist()


def test_a_part_has_no_dictionaries_that_were_replaced_before_it() -> None:
    rows = [[{"id": None, "kind": str(n), "steps": [], "image": b""}] for n in range(50)]
    parts = parts_of(written(rows, stream=True), "rows.arrow")
    assert len({part.bytes for part in parts[:10]}) == 1


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "file"])
@pytest.mark.parametrize(("limit", "sizes"), [(1, [1]), (4, [4]), (5, [4, 1]), (99, [4, 4, 1])])
def test_a_limit_cuts_the_last_record_batch(stream: bool, limit: int, sizes: list[int]) -> None:
    parts = parts_of(numbers(stream=stream), "rows.arrow", limit=limit)
    assert [part.items for part in parts] == sizes


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"ARROW1\x00\x00",
        b"FEA1" + bytes(40),
        b"<!DOCTYPE html><html><body>Sign in</body></html>",
        numbers(stream=False)[:-1],
        numbers(stream=False)[:700],
        numbers(stream=True)[:700],
        numbers(stream=True)[:-600],
        numbers(stream=True)[300:],
    ],
)
def test_a_damaged_file_is_refused_by_name(body: bytes) -> None:
    with pytest.raises(InvalidInputError, match=r"rows\.arrow cannot be read as an Arrow file"):
        parts_of(body, "rows.arrow")


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "file"])
@given(st.data())
def test_damaged_bytes_are_refused_or_read(stream: bool, data: st.DataObject) -> None:
    body = bytearray(numbers(stream=stream))
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    try:
        parts = parts_of(bytes(body), "rows.arrow")
    except InvalidInputError:
        return
    for part in parts:
        for start, stop in part.files[0].ranges:
            assert 0 <= start < stop <= len(body)


@pytest.mark.parametrize("write", [pa.ipc.new_file, pa.ipc.new_stream])
def test_a_column_that_occurs_twice_is_refused_by_name(write: Any) -> None:
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["n", "n"])
    with io.BytesIO() as file:
        with write(file, table.schema) as writer:
            writer.write_table(table)
        body = file.getvalue()
    with pytest.raises(InvalidInputError, match="the column 'n' more than once"):
        parts_of(body, "rows.arrow")
