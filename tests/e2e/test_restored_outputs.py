"""Running a finished run again restores its derived files, and writes nothing if they are whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.cli import vrdata, write_run
from support.trees import read_tree

pytestmark = pytest.mark.slow


def test_a_local_run_restores_missing_and_damaged_outputs(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run.yaml", {"O-maze": 4, "G-pendulum": 2})
    command = ("run", run, "--local", "--out", tmp_path / "out")
    assert vrdata(*command).code == 0
    folder = tmp_path / "out/default/demo"
    before = read_tree(folder)
    assert vrdata(*command).code == 0
    assert read_tree(folder) == before
    (folder / "index/O-maze.parquet").unlink()
    index = folder / "index/G-pendulum.parquet"
    index.write_bytes(index.read_bytes()[:-100])
    (folder / "dataset.json").write_text("{")
    (folder / "report/index.html").write_text("")
    again = vrdata(*command)
    assert again.code == 0, again.err
    assert read_tree(folder) == before
    assert vrdata("verify", tmp_path / "out").code == 0
