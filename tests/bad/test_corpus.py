"""Broken input of users: one clear error each, its documented exit code, nothing half-written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from support.cli import vrdata
from vrdata.cli.main import app

HERE = Path(__file__).parent
COMMAND = ["run", "run.yaml", "--local", "--out", "out"]
CORPUS = sorted(
    path
    for folder in ("specs", "profiles", "catalogues")
    for path in (HERE / folder).glob("*.yaml")
)


def write_files(folder: Path, case: dict[str, Any]) -> None:
    bodies = {name: text.encode() for name, text in case.get("files", {}).items()}
    bodies |= {name: bytes.fromhex(digits) for name, digits in case.get("bytes", {}).items()}
    for name, body in bodies.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(body)


@pytest.mark.parametrize("path", [pytest.param(p, id=f"{p.parent.name}/{p.stem}") for p in CORPUS])
def test_bad_input_gives_one_clear_error_and_writes_nothing(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = yaml.safe_load(path.read_text())
    write_files(tmp_path, case)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VRDATA_GENERATORS", str(tmp_path / "none"))  # not those of this user
    before = sorted(tmp_path.rglob("*"))
    command = case.get("command", COMMAND)
    result = CliRunner().invoke(app, command)
    assert result.exit_code == case["exit"], result.output
    assert [word for word in case["words"] if word not in result.stderr] == [], result.stderr
    assert result.stderr.count("error:") == 1, result.stderr
    assert "Traceback" not in result.stderr
    assert "vrdata/" not in result.stderr.replace("vrdata/vrdata", ""), "a path of the program"
    assert sorted(tmp_path.rglob("*")) == before, "something was written"


# One file for each exit code; the others run in this process, which saves a second each.
@pytest.mark.parametrize("name", ["specs/tab", "specs/no-file"])
def test_a_process_of_its_own_says_the_same(name: str, tmp_path: Path) -> None:
    case = yaml.safe_load((HERE / f"{name}.yaml").read_text())
    write_files(tmp_path, case)
    ran = vrdata(*case.get("command", COMMAND), cwd=tmp_path)
    assert ran.code == case["exit"], ran.err
    assert [word for word in case["words"] if word not in ran.err] == [], ran.err
    assert ran.out == ""
    assert "Traceback" not in ran.err
    assert not (tmp_path / "out").exists()


def test_the_corpus_is_there() -> None:
    assert len(CORPUS) >= 60
