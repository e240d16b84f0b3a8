"""`vrdata plan` says what a run file would do beyond its plain reading."""

from __future__ import annotations

from pathlib import Path

from support.cli import vrdata, write_run


def test_an_entry_that_is_used_instead_of_a_glob_is_said_in_one_line(tmp_path: Path) -> None:
    home = str(tmp_path / "home")
    run = write_run(tmp_path / "run.yaml", {"O-maze": 3, "O-m*": 7})
    ran = vrdata("plan", run, "--out", tmp_path / "out", VRDATA_GENERATORS=home)
    assert ran.code == 0
    assert ran.err.splitlines() == [
        "note: entry O-maze is used where O-m* matches too: 1 generator"
    ]
    alone = write_run(tmp_path / "alone.yaml", {"O-maze": 3})
    assert vrdata("plan", alone, "--out", tmp_path / "out", VRDATA_GENERATORS=home).err == ""
