"""Rows of JSON Lines and CSV files are divided where a reader divides them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.sources.tables import parts_of, staged
from vrdata.errors import InvalidInputError
from vrdata.sources.tables import csvrows, jsonlines

CELL = st.text(st.sampled_from('ab",\n\r é\ufeff'), max_size=6)
ENDS = st.sampled_from(["\n", "\r\n", "\r"])


def csv_rows(path: Path) -> Iterator[dict[str | Any, str | Any]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file)


def jsonl_rows(path: Path) -> Iterator[Any]:
    with path.open("rb") as file:
        yield from (json.loads(line) for line in file if line.strip())


def check_csv(body: bytes, folder: Path, part_bytes: int) -> None:
    """The rows of all parts are those of the file."""
    (folder / "whole.csv").write_bytes(body)
    wanted = list(csv_rows(folder / "whole.csv"))
    with patch.object(csvrows, "PART_BYTES", part_bytes):
        parts = parts_of(body, "rows.csv")
    assert sum(part.items for part in parts) == len(wanted)
    for part, path in staged(body, parts):
        assert list(csv_rows(path)) == wanted[part.row : part.row + part.items]


@given(st.lists(st.tuples(CELL, CELL), max_size=6), ENDS, st.booleans(), st.integers(1, 40))
def test_written_csv_is_divided_between_rows(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str, str]],
    end: str,
    marked: bool,
    part_bytes: int,
) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator=end).writerows([("i\nd", "a"), *rows])
    body = text.getvalue().encode("utf-8-sig" if marked else "utf-8")
    check_csv(body, tmp_path_factory.mktemp("csv"), part_bytes)


@given(st.text(st.sampled_from('ab",\n\r é'), max_size=40), st.integers(1, 20))
def test_any_csv_is_divided_as_a_reader_divides_it(
    tmp_path_factory: pytest.TempPathFactory, text: str, part_bytes: int
) -> None:
    body = f"x,y\n{text}"
    if list(csv.reader(io.StringIO(f"{body}\nend", newline="")))[-1] == ["end"]:
        check_csv(body.encode(), tmp_path_factory.mktemp("csv"), part_bytes)
    else:
        with pytest.raises(InvalidInputError, match="is not closed"):
            parts_of(body.encode(), "rows.csv")


@given(
    st.lists(st.text(max_size=5) | st.integers() | st.sampled_from(["", " ", "\t"]), max_size=8),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
    st.integers(1, 30),
)
def test_json_lines_are_divided_between_lines(
    tmp_path_factory: pytest.TempPathFactory,
    values: list[str | int],
    end: str,
    ended: bool,
    part_bytes: int,
) -> None:
    lines = [
        value if value in {"", " ", "\t"} else json.dumps({"v": value}, ensure_ascii=False)
        for value in values
    ]
    body = (end.join(map(str, lines)) + (end if ended else "")).encode()
    whole = tmp_path_factory.mktemp("jsonl") / "whole.jsonl"
    whole.write_bytes(body)
    wanted = list(jsonl_rows(whole))
    with patch.object(jsonlines, "PART_BYTES", part_bytes):
        parts = parts_of(body, "rows.jsonl")
    assert sum(part.items for part in parts) == len(wanted)
    for part, path in staged(body, parts):
        assert list(jsonl_rows(path)) == wanted[part.row : part.row + part.items]


@pytest.mark.parametrize("name", ["rows.csv", "rows.jsonl", "rows.ndjson"])
def test_a_limit_needs_only_the_first_rows(name: str) -> None:
    body = b'{"n": 1}\n' * 1000
    (part,) = parts_of(body, name, limit=3, first=7)
    assert (part.first, part.items, part.row) == (7, 3, 0)
    lines = 3 + name.endswith("csv")
    assert part.files[0].ranges == ((0, lines * 9),)


@pytest.mark.parametrize("body", [b"", b"\n \n", b"\n"])
def test_a_file_without_lines_has_no_rows(body: bytes) -> None:
    assert parts_of(body, "rows.jsonl") == []


@pytest.mark.parametrize("body", [b"", b"x,y", b"x,y\n", b"x,y\n\n\n", b"\xef\xbb\xbfx,y\r\n"])
def test_a_header_alone_has_no_rows(body: bytes) -> None:
    assert parts_of(body, "rows.csv") == []


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"x,y\n\xff,2\n", "it is not UTF-8"),
        ("x,y\n1,2\n".encode("utf-16"), "it is not UTF-8"),
        (b"x,y,x\n1,2,3\n", "the column 'x' more than once"),
        (b"\nx,y\n1,2\n", "its first line is blank"),
        (b'x,y\n1,2\n3,"4\n5,6\n7,8\n', "a quote in the row at byte 8 is not closed"),
        (b'x,"y\n1,2\n', "a quote in the row at byte 0 is not closed"),
    ],
)
def test_a_file_that_is_not_csv_is_refused_by_name(body: bytes, why: str) -> None:
    with pytest.raises(InvalidInputError, match=r"rows\.csv cannot be read as CSV") as caught:
        parts_of(body, "rows.csv")
    assert why in str(caught.value)


@pytest.mark.parametrize(
    ("module", "body"),
    [(csvrows, b'x\n1\n"' + b"a\n" * 99), (jsonlines, b"1\n" + b"a" * 99)],
    ids=["csv", "jsonl"],
)
def test_a_row_without_an_end_is_refused_instead_of_read_into_memory(
    module: Any, body: bytes
) -> None:
    with (
        patch.object(module, "MAX_ROW_BYTES", 50),
        pytest.raises(InvalidInputError, match="longer than"),
    ):
        parts_of(body, "rows.csv" if module is csvrows else "rows.jsonl")


def test_a_field_may_be_longer_than_the_limit_of_the_csv_module() -> None:
    body = b"id,image\n1," + b"A" * 200_000 + b"\n2,B\n"
    assert sum(part.items for part in parts_of(body, "rows.csv")) == 2
