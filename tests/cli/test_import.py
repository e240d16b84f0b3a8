"""`vrdata import`: what it says; bad imports are in tests/bad."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from vrdata.cli.main import app
from vrdata.errors import OutputConflictError


def test_the_fix_of_a_conflict_names_the_options_of_an_import(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def conflict(*_: object, **__: object) -> None:
        raise OutputConflictError("another plan", why="a version", fix="use another --out")

    monkeypatch.setattr("vrdata.local.run.prepare", conflict)
    table = tmp_path / "table.csv"
    table.write_text("image,prompt\na,b\n")
    result = CliRunner().invoke(app, ["import", str(table), "--output", str(tmp_path / "out")])
    assert result.exit_code == OutputConflictError.exit_code
    assert "use another --output; to continue this import" in result.stderr.replace("\n", " ")


def test_the_help_speaks_of_converters() -> None:
    result = CliRunner().invoke(app, ["import", "--help"], env={"COLUMNS": "300"})
    assert "Number of concurrent converters" in result.stdout
    assert "generator" not in result.stdout
