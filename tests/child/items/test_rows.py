"""Rows of a declared schema, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from support.sources.conversions import Conversions, Made, open_converter
from vrdata_child.items.rows import BATCH_ROWS

CODE = """
import pyarrow as pa
from vrdata_generators.api import Converter

class Numbers(Converter):
    name, domain = "M-numbers", "numbers"
    schema = pa.schema([pa.field("t", pa.int64(), nullable=False), ("v", pa.float32()),
        ("l", pa.list_(pa.int16()))])

    def convert(self, item, options):
        return eval(next(iter(item.files.values())).read_text())
"""


@pytest.fixture(scope="module")
def numbers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Conversions]:
    with open_converter(
        tmp_path_factory.mktemp("rows"), CODE, name="M-numbers", rows=True
    ) as opened:
        yield opened


CASES = {
    'iter([{"t": 1, "v": 0.5}, {"t": 2}])': "",
    "[]": "",
    '[{"t": 1}, {"t": "x"}]': "row 1, column 't': 'x' (str) is not int64",
    '[{"t": 1.5}]': "row 0, column 't': 1.5 (float) is not int64",
    '[{"t": 2**70}]': "row 0, column 't'",
    '[{"t": 1}, {"v": 1.0}]': "row 1, column 't': a value is missing",
    '[{"t": 1, "w": 2}]': "row 0 has the column 'w'; the schema has t, v, l",
    '[{"t": 1, "l": [1, 2.5]}]': "row 0, column 'l': [1, 2.5] (list) is not list<item: int16>",
    "[[1, 2]]": "row 0 is list, not a dict of columns",
}


@pytest.fixture(scope="module")
def made(numbers: Conversions, tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("codes")
    items = []
    for number, code in enumerate(CASES):
        path = folder / f"{number}.py"
        path.write_text(code)
        items.append({path.name: path})
    return numbers.files(*items)


def test_rows_become_one_record_batch(made: Made) -> None:
    assert made.ids == {0: "numbers_00000000", 1: "numbers_00000001"}
    assert {one.name for one in made.samples[0].iterdir()} == {"rows.arrow", "metadata.json"}
    with pa.ipc.open_stream((made.samples[0] / "rows.arrow").read_bytes()) as stream:
        (batch,) = list(stream)
    assert batch.to_pylist() == [{"t": 1, "v": 0.5, "l": None}, {"t": 2, "v": None, "l": None}]
    assert made.metadata(0)["parameters"] == {"rows": 2}


def test_many_rows_become_several_record_batches_of_limited_size(
    numbers: Conversions, tmp_path: Path
) -> None:
    codes = [
        f'({{"t": one}} for one in range({2 * BATCH_ROWS + 1}))',
        f'({{"t": one if one < {BATCH_ROWS + 5} else "x"}} for one in range({2 * BATCH_ROWS}))',
    ]
    items = []
    for number, code in enumerate(codes):
        path = tmp_path / f"{number}.py"
        path.write_text(code)
        items.append({path.name: path})
    found = numbers.files(*items)
    with pa.ipc.open_stream((found.samples[0] / "rows.arrow").read_bytes()) as stream:
        batches = list(stream)
    assert [one.num_rows for one in batches] == [BATCH_ROWS, BATCH_ROWS, 1]
    assert found.metadata(0)["parameters"] == {"rows": 2 * BATCH_ROWS + 1}
    assert f"row {BATCH_ROWS + 5}, column 't': 'x'" in found.invalid[1]


def test_an_item_may_have_no_rows(made: Made) -> None:
    assert made.metadata(1)["parameters"] == {"rows": 0}


def test_only_equal_rows_have_equal_content(numbers: Conversions, tmp_path: Path) -> None:
    codes = ['[{"t": 1}]', '[{"t": 1}]', '[{"t": 2}]', "[]", "iter([])"]
    items = []
    for number, code in enumerate(codes):
        path = tmp_path / f"{number}.py"
        path.write_text(code)
        items.append({path.name: path})
    one, same, other, *empty = numbers.files(*items).contents.values()
    assert one == same != other
    assert empty == ["", ""]


def test_a_wrong_row_is_named(made: Made) -> None:
    expected = [words for words in CASES.values() if words]
    for (number, failure), words in zip(made.invalid.items(), expected, strict=True):
        assert failure.startswith(f"InvalidItem: {number}.py: {words}")
