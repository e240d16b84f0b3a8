"""Compressed tables of text are one part each; they are decompressed up to a limit."""

from __future__ import annotations

import bz2
import gzip
import io
import tracemalloc
from collections.abc import Callable

import pyarrow as pa
import pytest

from support.sources.tables import parts_of, staged
from vrdata.errors import InvalidInputError
from vrdata.sources.objects.grouping import grouped
from vrdata.sources.objects.listing import Listed
from vrdata.sources.tables import compressed
from vrdata.sources.tables.formats import compression, table_format
from vrdata.sources.tables.parts import parts_of_table
from vrdata_child.items.tables import TableReader


def zst(data: bytes) -> bytes:
    body = pa.compress(data, codec="zstd", asbytes=True)
    assert isinstance(body, bytes)
    return body


ENDINGS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "zst": zst,
}
TABLES = {
    "jsonl": b'{"n": "0"}\n\n{"n": "1"}\n{"n": "2"}',
    "csv": b'n\n0\n"1"\n\n2\n',
}


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("form", TABLES)
def test_the_rows_of_a_compressed_table_are_those_of_the_table(form: str, ending: str) -> None:
    name, body = f"Rows.{form}.{ending.upper()}", ENDINGS[ending](TABLES[form])
    (part,) = parts_of(body, name, first=7)
    assert (part.first, part.items, part.format, part.files[0].ranges) == (7, 3, form, ())
    reader = TableReader()
    for _, path in staged(body, [part]):
        rows = [reader.row(form, str(path), None, number) for number in range(3)]
        assert rows == [{"n": str(number)} for number in range(3)]
    assert [one.items for one in parts_of(body, name, limit=2)] == [2]


def test_parts_of_a_compressed_file_that_follow_each_other_are_read() -> None:
    body = gzip.compress(b"n\n0\n") + gzip.compress(b"1\n2\n")
    assert [part.items for part in parts_of(body, "rows.csv.gz")] == [3]


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize(
    "damage", [lambda body: body[:-9], lambda body: body[:3], lambda _: b"n\n0"]
)
def test_a_damaged_one_is_refused_by_name(damage: Callable[[bytes], bytes], ending: str) -> None:
    body = damage(ENDINGS[ending](TABLES["csv"] * 99))
    with pytest.raises(InvalidInputError, match=rf"a\.csv\.{ending} cannot be read as") as caught:
        parts_of(body, f"a.csv.{ending}")
    assert "it cannot be decompressed" in caught.value.why


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("row", [b"0" * 999 + b"\n", b"0" * (1 << 22)])
@pytest.mark.parametrize("name", ["BOMB_BYTES", "MAX_DECOMPRESSED_BYTES"])
def test_a_bomb_is_refused_in_little_memory(
    name: str, row: bytes, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compressed, name, 1 << 21)
    body = ENDINGS[ending](b"n\n" + row * ((1 << 24) // len(row) + 1))
    assert len(body) < 1 << 17
    tracemalloc.start()
    with pytest.raises(InvalidInputError, match=rf"a\.csv\.{ending} cannot be read as") as caught:
        parts_of(body, f"a.csv.{ending}")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "MiB when it is decompressed" in caught.value.why
    assert "convert it to Parquet" in caught.value.fix
    assert peak < 1 << 25


def test_a_large_file_is_read_in_large_pieces() -> None:
    class Counting(io.BytesIO):
        reads = 0

        def read(self, size: int | None = -1) -> bytes:
            self.reads += 1
            return super().read(size)

    body = gzip.compress(bytes(range(256)).hex().encode() * 9999, compresslevel=0)
    file = Counting(body)
    list(parts_of_table(file, "a.jsonl.gz", len(body), "", "jsonl", 0))
    assert file.reads <= 2 * len(body) // (1 << 20) + 2
    assert not file.closed


@pytest.mark.parametrize("name", ["a.csv.xz", "a.jsonl.zip", "a.parquet.gz", "a.arrow.zst"])
def test_other_compressed_tables_are_refused_by_name(name: str) -> None:
    assert (compression(name), table_format(name)) == ("", None)
    with pytest.raises(
        InvalidInputError, match=f"{name} is a table with an unsupported compression"
    ):
        list(grouped([Listed(name, 1)], ()))


@pytest.mark.parametrize("name", ["a.tar.gz", "a.png.gz", "gz", "csv.gz", "a.json.gz"])
def test_other_compressed_files_are_no_tables(name: str) -> None:
    assert (compression(name), table_format(name)) == ("", None)
