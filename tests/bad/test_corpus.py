"""Broken input of users: one clear error each, its documented exit code, nothing half-written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from vrdata.cli.main import app

HERE = Path(__file__).parent
CORPUS = sorted(
    path
    for folder in ("specs", "profiles", "catalogues")
    for path in (HERE / folder).glob("*.yaml")
)


def write_files(folder: Path, case: dict[str, Any]) -> None:
    for name, text in case.get("files", {}).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    for name, digits in case.get("bytes", {}).items():
        (folder / name).write_bytes(bytes.fromhex(digits))


@pytest.mark.parametrize("path", [pytest.param(p, id=f"{p.parent.name}/{p.stem}") for p in CORPUS])
def test_bad_input_gives_one_clear_error_and_writes_nothing(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = yaml.safe_load(path.read_text())
    write_files(tmp_path, case)
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    command = case.get("command", ["run", "run.yaml", "--local", "--out", "out"])
    result = CliRunner().invoke(app, command)
    assert result.exit_code == case["exit"], result.output
    assert [word for word in case["words"] if word not in result.stderr] == [], result.stderr
    assert result.stderr.count("error:") == 1, result.stderr
    assert "Traceback" not in result.stderr
    assert "vrdata/" not in result.stderr.replace("vrdata/vrdata", ""), "a path of the program"
    assert sorted(tmp_path.rglob("*")) == before, "something was written"


def test_the_corpus_is_there() -> None:
    assert len(CORPUS) >= 45
