"""`vrdata import` of files of this machine, end to end.

Five imports start workers. What happens before workers start, or after they end, is tested with a
copy of one of them.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from support.cli import Ran, called, kill_when, vrdata
from support.datasets.puzzles import puzzle, puzzle_table, stored

pytestmark = pytest.mark.slow

ROWS = 15
FIRST = 4  # items of the first import
KINDS = [
    Image.new("L", (8, 8), 200),
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)),
    Image.new("P", (8, 8), 1),
    Image.new("1", (8, 8), 1),
    Image.new("LA", (8, 8), (9, 255)),
    Image.fromarray(np.full((8, 8), 65535, np.uint16)),
]
"""Images that are not RGB."""


def imported(folder: Path, *arguments: object) -> Ran:
    """Import into `folder/out`; the result as JSON."""
    return called("import", *arguments, "--output", folder / "out", "-o", "json")


def contents(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path.relative_to(folder)): (path.stat().st_ino, path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def failures(folder: Path) -> list[dict[str, Any]]:
    lines = (folder / "out/failures.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


@dataclass(frozen=True)
class Whole:
    """An import of the first items, then of all.

    Attributes:
        folder: where `out` is.
        table: what was imported.
        first: the result of the first items.
        before: what was in the output after them.
        ran: the result of all items.
    """

    folder: Path
    table: Path
    first: Ran
    before: dict[str, tuple[int, bytes]]
    ran: Ran

    def copy(self, target: Path) -> Path:
        """What the import left, in another folder."""
        return Path(shutil.copytree(self.folder, target, dirs_exist_ok=True))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    folder = tmp_path_factory.mktemp("whole")
    table = tmp_path_factory.mktemp("table") / "set.parquet"
    puzzle_table(table, ROWS)
    first = imported(folder, table, "--limit", FIRST)
    before = contents(folder / "out/eyeballing_task")
    return Whole(folder, table, first, before, imported(folder, table, "--limit", 0))


@pytest.mark.smoke
def test_every_row_becomes_a_folder_with_the_pixels_of_the_table(tmp_path: Path) -> None:
    rows = [puzzle(number) for number in range(3)]
    rows += [puzzle(3) | {"image": stored(image)} for image in KINDS]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "set.parquet")
    out = tmp_path / "out"
    ran = vrdata("import", tmp_path / "set.parquet", "--output", out, "-o", "json")
    assert (ran.code, ran.json["samples"]) == (0, len(rows)), ran.err
    for number, row in enumerate(rows):
        folder = out / f"eyeballing_task/set_{number:05d}"
        for name, column in (("first_frame", "image"), ("final_frame", "solution_image")):
            with Image.open(folder / f"{name}.png") as image:
                assert image.mode == "RGB"
                if name == "final_frame" or number < 3:
                    assert stored(image)["bytes"] == row[column]["bytes"]
                else:
                    assert image.size == (8, 8)
        assert (folder / "prompt.txt").read_text() == row["prompt"]
    verified = called("verify", out, "-o", "json")
    assert verified.code == 0, verified.err
    assert verified.json["datasetHash"] == ran.json["datasetHash"]


def test_the_same_import_again_changes_nothing(whole: Whole) -> None:
    before = contents(whole.folder / "out")
    again = imported(whole.folder, whole.table)
    assert (again.code, again.json["samples"], again.json["created"]) == (0, ROWS, 0)
    assert contents(whole.folder / "out") == before
    assert called("verify", whole.folder / "out").code == 0


def test_a_limit_gives_the_first_samples_and_all_gives_the_same_with_the_rest(whole: Whole) -> None:
    assert whole.first.code == 0, whole.first.err
    assert whole.first.json["samples"] == FIRST
    assert (whole.ran.json["samples"], whole.ran.json["created"]) == (ROWS, ROWS - FIRST)
    after = contents(whole.folder / "out/eyeballing_task")
    assert {name: after[name] for name in whole.before} == whole.before
    assert len({name.partition("/")[0] for name in whole.before}) == FIRST


def test_an_import_without_a_good_item_fails_and_says_why(tmp_path: Path) -> None:
    table = puzzle_table(tmp_path / "set.parquet", 3, bad=(0, 1, 2))
    ran = imported(tmp_path, table)
    assert ran.code == 1
    assert (ran.json["samples"], ran.json["failedSamples"]) == (0, 3)
    assert len(failures(tmp_path)) == 3


def test_an_import_that_is_killed_twice_continues_to_the_hash_of_an_undisturbed_one(
    whole: Whole, tmp_path: Path
) -> None:
    run = tmp_path / ".vrdata/out/runs/default"
    words = ("import", whole.table, "--output", tmp_path / "out", "--jobs", 1)
    for pattern in ("plan.json", "commits/*/*.json"):
        kill_when(lambda pattern=pattern: any(run.glob(f"*/_vrdata/{pattern}")), *words)
    ran = imported(tmp_path, whole.table)
    assert ran.code == 0, ran.err
    assert ran.json["datasetHash"] == whole.ran.json["datasetHash"]
    assert called("verify", tmp_path / "out").code == 0


@pytest.fixture
def changed(whole: Whole) -> Iterator[Path]:
    """The table with another row."""
    body = whole.table.read_bytes()
    puzzle_table(whole.table, ROWS, bad=(1,))
    yield whole.table
    whole.table.write_bytes(body)


def test_a_table_that_changes_during_an_import_is_not_mixed(
    whole: Whole, changed: Path, tmp_path: Path
) -> None:
    for marker in whole.copy(tmp_path).glob(".vrdata/out/runs/default/*/_vrdata/commits/*/*.json"):
        marker.unlink()
    ran = imported(tmp_path, changed)
    assert ran.code == 3
    assert "set.parquet has changed since the run began" in ran.err


def test_another_folder_with_the_id_of_a_sample_is_kept_and_nothing_is_written(
    whole: Whole, tmp_path: Path
) -> None:
    out = whole.copy(tmp_path) / "out"
    shutil.rmtree(out)
    mine = out / "eyeballing_task/set_00001/prompt.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    ran = imported(tmp_path, whole.table)
    assert ran.code == 3
    assert "set_00001" in ran.err
    assert [path for path in out.rglob("*") if path.is_file()] == [mine]
    mine.unlink()
    mine.parent.rmdir()
    assert imported(tmp_path, whole.table).json["created"] == ROWS


def test_with_a_format_the_output_is_that_of_a_run(tmp_path: Path) -> None:
    table = puzzle_table(tmp_path / "set.parquet", 6, bad=(2,))
    ran = imported(tmp_path, table, "--format", "webdataset")
    assert ran.code == 4, ran.err
    assert ran.json["samples"] == 5
    assert called("verify", tmp_path / "out").code == 0
