"""`vrdata timeseries create` and `check`, as a user runs them."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from support.cli import Ran, vrdata


def run(folder: Path, *words: str) -> Ran:
    return vrdata("timeseries", *words, cwd=folder)


def test_a_created_table_is_checked_without_a_fault(tmp_path: Path) -> None:
    made = run(tmp_path, "create", "-n", "3", "--frames", "4", "--size", "16")
    assert made.code == 0, made.err
    assert made.out == "wrote 3 episodes to data/data.pq\n"
    checked = run(tmp_path, "check", "data/data.pq")
    assert checked.code == 0, checked.err
    assert "3 episodes; media: 3 image, 3 video" in checked.out
    assert "no faults" in checked.out
    report = run(tmp_path, "check", "data/data.pq", "-o", "json").json
    (table,) = report["tables"]
    assert table["series"]["actions"]["rate"] == {"min": 100.0, "median": 100.0, "max": 100.0}
    assert report["refused"] == []


def test_faults_and_files_that_are_no_tables_have_exit_codes(tmp_path: Path) -> None:
    row = [[1742918912.0, 1.0]] * 4
    columns = {"text": ["a"], "actions": [row], "observations": [row]}
    pq.write_table(pa.table(columns), tmp_path / "t.pq")
    (tmp_path / "notes.pq").write_text("hello")
    faulty = run(tmp_path, "check", "t.pq")
    assert faulty.code == 1
    assert "row 0: actions_timestamps: constant: all 4 timestamps" in faulty.out
    refused = run(tmp_path, "check", "notes.pq", "t.pq", "-o", "json")
    assert refused.code == 3
    assert refused.json["tables"][0]["faultCount"] == 2
    assert "notes.pq cannot be read as a Parquet table" in refused.err
    assert run(tmp_path, "check", "none.pq").code == 5
    several = run(tmp_path, "check", "none.pq", "t.pq", "gone.pq")
    assert several.code == 5
    assert "none.pq does not exist" in several.err.replace("\n", " ")
    assert "gone.pq does not exist" in several.err.replace("\n", " ")
    assert "row 0: actions_timestamps: constant" in several.out
    assert run(tmp_path, "check", "none.pq", "notes.pq").code == 3


def test_options_that_do_not_fit_together_are_refused(tmp_path: Path) -> None:
    for words in (("--min-steps", "9", "--max-steps", "5"), ("--embed", "--seed-form")):
        done = run(tmp_path, "create", *words)
        assert done.code == 2
        assert "Traceback" not in done.err
    assert list(tmp_path.iterdir()) == []
