"""Paths that do not exist, are of the wrong kind, or cannot be read or written: one clear error."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from support.cli import command
from vrdata.cli.main import app

RUN = """\
apiVersion: vrdata.dev/v1alpha1
kind: GenerationRun
metadata: {name: demo}
spec: {generators: [{name: O-maze, samples: 1}]}
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with run.yaml, an empty file and an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("VRDATA_GENERATORS", str(tmp_path / "home"))
    (tmp_path / "run.yaml").write_text(RUN)
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "wrong.yaml").write_text("kind: Deployment\n")
    return tmp_path


def vrdata(line: str) -> Result:
    return CliRunner().invoke(app, line.split())


@pytest.mark.parametrize(
    ("line", "code", "what"),
    [
        ("run none.yaml --local", 5, "none.yaml cannot be read"),
        ("run folder --local", 5, "folder is a folder, not a file"),
        ("run file --local", 3, "the file is empty"),
        ("run wrong.yaml --local", 3, "is not a GenerationRun"),
        ("run run.yaml", 2, "needs --local"),
        ("run run.yaml --local --profile none.yaml", 5, "none.yaml cannot be read"),
        ("run run.yaml --local --profile folder", 5, "name the file of a GenerationProfile"),
        ("run run.yaml --local --generators none", 5, "--generators none does not exist"),
        ("run run.yaml --local --generators file", 5, "--generators file is a file"),
        ("run run.yaml --local --generators folder", 5, "has no catalogue.json"),
        ("run run.yaml --local --out file", 7, "is a file, not a folder"),
        ("run run.yaml --local --out file/deeper", 7, "is a file"),
        ("plan none.yaml", 5, "`vrdata init` writes one"),
        ("validate none.yaml folder", 5, "folder is a folder, not a file"),
        ("verify none", 5, "none does not exist"),
        ("verify file", 5, "file is a file, not a folder"),
        ("verify folder", 5, "there is no dataset"),
        ("report none", 5, "none does not exist"),
        ("report file", 5, "file is a file, not a folder"),
        ("report folder", 5, "no run in"),
        ("download none back", 5, "none does not exist"),
        ("download file back", 5, "file is a file, not a folder"),
        ("upload none store", 5, "none does not exist"),
        ("upload file store", 5, "file is a file, not a folder"),
        ("upload folder store", 5, "has no files"),
        ("init --output folder", 2, "folder already exists"),
        ("init --output folder --force", 2, "folder cannot be written"),
        ("init --output file/run.yaml", 2, "cannot be written"),
        ("generators add none", 5, "none does not exist"),
        ("generators add file", 5, "file is a file, not a folder"),
        ("generators add --from none.txt", 5, "none.txt cannot be read"),
        ("generators test none.yaml", 5, "none.yaml does not exist"),
        ("generators test file", 5, "file is a file, not the folder of a generator"),
        ("generators test O-none", 5, "there is no generator O-none"),
        ("generators list --home file", 2, "is a file, not a folder"),
        ("generators catalog --output folder", 7, "folder cannot be used"),
        ("generators remove O-none", 5, "O-none"),
    ],
)
def test_a_path_that_cannot_be_used_is_one_error_with_its_exit_code(
    line: str, code: int, what: str
) -> None:
    result = vrdata(line)
    assert result.exit_code == code, result.output
    assert what in result.stderr
    assert result.stdout == ""
    assert result.exception is None or isinstance(result.exception, SystemExit)


@pytest.mark.parametrize(
    "line", ["init --output a/b/run.yaml", "generators catalog --output a/b/run.yaml"]
)
def test_missing_parents_of_an_output_file_are_created(here: Path, line: str) -> None:
    (here / "home").mkdir()
    (here / "home/catalogue.json").write_text("{}")
    result = vrdata(line)
    assert result.exit_code == 0, result.output
    assert (here / "a/b/run.yaml").is_file()


def test_a_file_without_read_permission_is_an_error_with_a_command_that_shows_it(
    here: Path,
) -> None:
    (here / "run.yaml").chmod(0)
    lost = "-dac_override,-dac_read_search"  # with these, root reads every file
    as_user = ["setpriv", f"--inh-caps={lost}", f"--bounding-set={lost}"]
    done = subprocess.run(
        [*(as_user if os.geteuid() == 0 else []), *command("run", "run.yaml", "--local")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 5
    assert "ls -l run.yaml" in done.stderr


def test_a_closed_pipe_causes_no_traceback() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        command("generators", "list"),
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writing)
    assert done.returncode in {0, 1}
    assert "Traceback" not in done.stderr
