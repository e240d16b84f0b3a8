"""`vrdata import` of files of this machine, end to end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from support.cli import Ran, vrdata
from support.datasets.puzzles import puzzle, puzzle_table, stored

pytestmark = pytest.mark.slow


def imported(folder: Path, *arguments: object) -> Ran:
    """Import into `folder/out`; the result as JSON."""
    return vrdata("import", *arguments, "--output", folder / "out", "-o", "json")


def contents(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path.relative_to(folder)): (path.stat().st_ino, path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def failures(folder: Path) -> list[dict[str, Any]]:
    lines = (folder / "out/failures.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


@pytest.mark.smoke
def test_every_row_becomes_a_folder_with_the_pixels_of_the_table(tmp_path: Path) -> None:
    table = puzzle_table(tmp_path / "set.parquet", 12)
    ran = imported(tmp_path, table)
    assert ran.code == 0, ran.err
    assert (ran.json["samples"], ran.json["created"]) == (12, 12)
    for number in range(12):
        folder = tmp_path / f"out/eyeballing_task/set_{number:05d}"
        row = puzzle(number)
        for name, column in (("first_frame", "image"), ("final_frame", "solution_image")):
            with Image.open(folder / f"{name}.png") as image:
                expected = stored(image)["bytes"]
                assert image.mode == "RGB"
            assert expected == row[column]["bytes"]
        assert (folder / "prompt.txt").read_text() == row["prompt"]
    verified = vrdata("verify", tmp_path / "out", "-o", "json")
    assert verified.code == 0, verified.err
    assert verified.json["datasetHash"] == ran.json["datasetHash"]
    before = contents(tmp_path / "out")
    again = imported(tmp_path, table)
    assert (again.code, again.json["created"]) == (0, 0)
    assert contents(tmp_path / "out") == before


def test_a_limit_gives_the_first_samples_and_all_gives_the_same_with_the_rest(
    tmp_path: Path,
) -> None:
    table = puzzle_table(tmp_path / "set.parquet", 15)
    assert imported(tmp_path, table, "--limit", 4).json["samples"] == 4
    before = contents(tmp_path / "out/eyeballing_task")
    everything = imported(tmp_path, table, "--limit", 0)
    assert (everything.json["samples"], everything.json["created"]) == (15, 11)
    after = contents(tmp_path / "out/eyeballing_task")
    assert {name: after[name] for name in before} == before


def test_an_import_without_a_good_item_fails_and_says_why(tmp_path: Path) -> None:
    table = puzzle_table(tmp_path / "set.parquet", 3, bad=(0, 1, 2))
    ran = imported(tmp_path, table)
    assert ran.code == 1
    assert (ran.json["samples"], ran.json["failedSamples"]) == (0, 3)
    assert len(failures(tmp_path)) == 3


def test_a_table_that_changes_during_an_import_is_not_mixed(tmp_path: Path) -> None:
    table = puzzle_table(tmp_path / "set.parquet", 30)
    runs = tmp_path / ".vrdata/out/runs/default"
    assert imported(tmp_path, table).code == 0
    for marker in runs.glob("*/_vrdata/commits/*/*.json"):
        marker.unlink()
    puzzle_table(table, 30, bad=(1,))
    ran = imported(tmp_path, table)
    assert ran.code == 3
    assert "set.parquet has changed since the run began" in ran.err


def test_another_folder_with_the_id_of_a_sample_is_kept_and_nothing_is_written(
    tmp_path: Path,
) -> None:
    table = puzzle_table(tmp_path / "set.parquet", 3)
    mine = tmp_path / "out/eyeballing_task/set_00001/prompt.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    ran = imported(tmp_path, table)
    assert ran.code == 3
    assert "set_00001" in ran.err
    assert [path for path in (tmp_path / "out").rglob("*") if path.is_file()] == [mine]
    mine.unlink()
    mine.parent.rmdir()
    assert imported(tmp_path, table).json["samples"] == 3


def test_with_a_format_the_output_is_that_of_a_run(tmp_path: Path) -> None:
    table = puzzle_table(tmp_path / "set.parquet", 6, bad=(2,))
    ran = imported(tmp_path, table, "--format", "webdataset")
    assert ran.code == 4, ran.err
    assert ran.json["samples"] == 5
    assert vrdata("verify", tmp_path / "out").code == 0


def test_images_of_every_kind_become_rgb(tmp_path: Path) -> None:
    deep = Image.fromarray(np.full((8, 8), 65535, np.uint16))
    kinds = [
        Image.new("L", (8, 8), 200),
        Image.new("RGBA", (8, 8), (0, 0, 0, 0)),
        Image.new("P", (8, 8), 1),
        Image.new("1", (8, 8), 1),
        Image.new("LA", (8, 8), (9, 255)),
        deep,
    ]
    rows = [
        {"image": stored(image), "prompt": f"Image {number}."} for number, image in enumerate(kinds)
    ]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "set.parquet")
    ran = imported(tmp_path, tmp_path / "set.parquet")
    assert ran.code == 0, ran.err
    for path in (tmp_path / "out").rglob("first_frame.png"):
        with Image.open(path) as image:
            assert (image.mode, image.size) == ("RGB", (8, 8))
