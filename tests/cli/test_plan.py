"""`vrdata plan` says what a run file would do beyond its plain reading."""

from __future__ import annotations

from pathlib import Path

import pytest

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


@pytest.mark.slow
def test_samples_that_another_run_already_generates_are_named(tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = write_run(tmp_path / "first.yaml", {"O-maze": 6}, name="first")
    assert vrdata("run", first, "--local", "--out", out).code == 0
    more = write_run(tmp_path / "more.yaml", {"O-maze": 6}, name="more", start=4)
    ran = vrdata("plan", more, "--out", out)
    assert ran.code == 0
    assert ran.err.splitlines() == [
        (
            "note: run default/first has the same seed (42) and already generates samples "
            "O-maze 4-5; to extend it, set start to 6; "
            "for independent samples, use another spec.seed"
        )
    ]
    shared = vrdata("plan", more, "--out", out, "-o", "json").json["shared"]
    assert shared == [
        {
            "run": "default/first",
            "seed": 42,
            "generator": "O-maze",
            "start": 4,
            "stop": 6,
            "free": 6,
        }
    ]
    extended = write_run(tmp_path / "more.yaml", {"O-maze": 6}, name="more", start=6)
    assert vrdata("plan", extended, "--out", out).err == ""
    assert vrdata("plan", first, "--out", out).err == ""
