"""Rows of every kind of table, in the order in which a block reads them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from vrdata_child.items.staged import StagedItems
from vrdata_child.items.tables import TableReader
from vrdata_child.sample.invalid import SampleInvalidError

ROWS = [{"n": number, "text": f'{number}\n"quoted", é'} for number in range(25)]


def parquet(folder: Path) -> Path:
    pq.write_table(pa.Table.from_pylist(ROWS), folder / "t.parquet", row_group_size=10)
    return folder / "t.parquet"


def arrow_file(folder: Path) -> Path:
    path = folder / "t.arrow"
    batches = pa.Table.from_pylist(ROWS).to_batches(max_chunksize=10)
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, batches[0].schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
    return path


def arrow_stream(folder: Path) -> Path:
    path = folder / "t.arrow"
    batches = pa.Table.from_pylist(ROWS).to_batches(max_chunksize=10)
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, batches[0].schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
    return path


def jsonl(folder: Path) -> Path:
    lines = [json.dumps(row) + "\n\n" for row in ROWS]  # a blank line is no row
    (folder / "t.jsonl").write_text("".join(lines))
    return folder / "t.jsonl"


TABLES = {"parquet": parquet, "arrow": arrow_file, "arrow ": arrow_stream, "jsonl": jsonl}


@pytest.mark.parametrize("form", TABLES)
@pytest.mark.parametrize(
    "numbers", [range(25), [24], [3, 4, 5, 12, 13, 24], [3, 3, 4, 4], [7, 2, 8], [0]]
)
def test_rows_of_a_whole_table(form: str, numbers: Any, tmp_path: Path) -> None:
    path = str(TABLES[form](tmp_path))
    reader = TableReader()
    found = [reader.row(form.strip(), path, None, number) for number in numbers]
    assert found == [ROWS[number] for number in numbers]


@pytest.mark.parametrize("form", ["parquet", "arrow"])
def test_rows_of_a_group(form: str, tmp_path: Path) -> None:
    path = str(TABLES[form](tmp_path))
    reader = TableReader()
    found = [reader.row(form, path, group, 2) for group in (0, 1, 2)]
    assert found == [ROWS[2], ROWS[12], ROWS[22]]
    with pytest.raises(IndexError, match="no such row"):
        reader.row(form, path, 2, 5)


def test_rows_of_a_csv_file_are_texts(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('\ufeffn,text\n1,"a, ""b""\nc"\n\n2,d\n', encoding="utf-8")
    reader = TableReader()
    assert reader.row("csv", str(path), None, 0) == {"n": "1", "text": 'a, "b"\nc'}
    assert reader.row("csv", str(path), None, 1) == {"n": "2", "text": "d"}


def damaged_page(folder: Path) -> Path:
    path = parquet(folder)
    body = bytearray(path.read_bytes())
    body[4:60] = bytes(56)
    path.write_bytes(body)
    return path


def text(content: str) -> Any:
    def write(folder: Path) -> Path:
        (folder / "t").write_text(content)
        return folder / "t"

    return write


@pytest.mark.parametrize(
    ("form", "write", "words"),
    [
        ("parquet", damaged_page, ""),
        ("parquet", text("nothing"), "Parquet"),
        ("parquet", text("<html>" * 100), "Parquet"),
        ("arrow", text("ARROW1 but no more"), ""),
        ("arrow", text("x"), ""),
        ("jsonl", text("{"), "Expecting property name"),
        ("jsonl", text("[1]\n"), "the line is not a JSON object"),
        ("jsonl", text("[" * 10_000), ""),
        ("csv", text("a,b\n1\n"), "more or fewer fields"),
        ("csv", text("a,b\n1,2,3\n"), "more or fewer fields"),
        ("csv", text("a,b\n"), "the table has no such row"),
    ],
)
def test_a_damaged_table_is_an_invalid_item(
    form: str, write: Any, words: str, tmp_path: Path
) -> None:
    path = write(tmp_path)
    table = {"format": form, "file": str(path), "group": None, "row": 0}
    item = {"index": 0, "key": "t#0", "files": {"t": str(path)}, "table": table}
    (tmp_path / "items.json").write_text(json.dumps([item]))
    with pytest.raises(SampleInvalidError) as caught:
        StagedItems(tmp_path).get(0)
    assert caught.value.reason == "InvalidItem"
    assert caught.value.message.startswith("t#0: it cannot be read: ")
    assert words in caught.value.message


@pytest.mark.parametrize(
    ("form", "body", "good"),
    [
        ("jsonl", '{"n": "0"}\n{"n":\n[1]\n\n{"n": "3"}\n', {"n": "3"}),
        ("csv", "n\n0\n1,1\n2,2\n3\n", {"n": "3"}),
    ],
)
def test_a_bad_row_does_not_affect_the_rows_after_it(
    form: str, body: str, good: dict[str, str], tmp_path: Path
) -> None:
    path, reader = str(text(body)(tmp_path)), TableReader()
    assert reader.row(form, path, None, 0) == {"n": "0"}
    for number in (1, 1, 2):  # a sample may be made twice
        with pytest.raises(ValueError, match=r"the (line|row)"):
            reader.row(form, path, None, number)
    assert reader.row(form, path, None, 3) == good


_PEAK = """
import resource, sys
from vrdata_child.items.tables import TableReader
reader = TableReader()
for row in range(int(sys.argv[2])):
    assert len(reader.row("parquet", sys.argv[1], 0, row)["image"]) == 100_000
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
"""


@pytest.mark.slow
def test_memory_does_not_grow_with_the_rows_of_a_group(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    schema = pa.schema([("image", pa.binary())])
    with pq.ParquetWriter(path, schema, use_dictionary=False, compression="none") as writer:
        row = pa.table({"image": [bytes(100_000)]}, schema)
        writer.write_table(pa.concat_tables([row] * 1500), row_group_size=1500)
    assert pq.ParquetFile(path).num_row_groups == 1

    def peak(rows: int) -> int:
        command = [sys.executable, "-c", _PEAK, str(path), str(rows)]
        return int(subprocess.run(command, capture_output=True, check=True, text=True).stdout)

    assert peak(1500) - peak(10) < 40_000_000  # the group has 150 MB
