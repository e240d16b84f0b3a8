"""M-import in the child: rows of tables and files become samples."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from support.datasets.conversions import Conversions, open_converter


def png(colour: tuple[int, int, int], size: tuple[int, int] = (32, 24)) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", size, colour).save(target, "PNG")
    return target.getvalue()


def row(number: int, **change: Any) -> dict[str, Any]:
    image = {"bytes": png((number, 0, 0)), "path": None}
    solution = {"bytes": png((number, 255, 0)), "path": None}
    found = {"task": "eye balling", "id": f"q{number}", "prompt": f"Find {number}."}
    return found | {"image": image, "solution_image": solution} | change


def table(path: Path, rows: list[dict[str, Any]], group: int = 100) -> Path:
    pq.write_table(pa.Table.from_pylist(rows), path, row_group_size=group)
    return path


@pytest.fixture(scope="module")
def importer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Conversions]:
    with open_converter(tmp_path_factory.mktemp("import")) as opened:
        yield opened


def colour(path: Path) -> Any:
    with Image.open(path) as image:
        assert image.mode == "RGB"
        return image.getpixel((0, 0))


def test_a_row_becomes_a_sample(importer: Conversions, tmp_path: Path) -> None:
    made = importer.rows(table(tmp_path / "test.parquet", [row(1), row(2)]), "parquet", [0, 1])
    assert made.invalid == {}
    assert made.ids == {0: "eye_balling_00000000", 1: "eye_balling_00000001"}
    assert made.text(1, "prompt.txt") == "Find 2."
    assert colour(made.samples[1] / "first_frame.png") == (2, 0, 0)
    assert colour(made.samples[1] / "final_frame.png") == (2, 255, 0)
    assert made.metadata(1)["parameters"] == {"id": "q2"}
    assert made.metadata(1)["source_key"] == "test.parquet#1"
