"""`vrdata import`: arguments that cannot be used are one error, and nothing is written."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from vrdata.cli.main import app
from vrdata.errors import OutputConflictError

CASES = {
    "unknown-name": (["videothinkbanch"], 5, "known datasets: videothinkbench"),
    "hub-without-scheme": (["org/name"], 5, "vrdata import hf://org/name"),
    "empty-name": ([" "], 2, "name of the dataset is empty"),
    "no-column": (["table.csv", "--map", "final="], 2, "is not FIELD=COLUMN"),
    "no-field": (["table.csv", "--map", "=solution"], 2, "is not FIELD=COLUMN"),
    "no-equals-sign": (["table.csv", "--map", "final"], 2, "is not FIELD=COLUMN"),
    "field-twice": (["table.csv", "--map", "final=a", "--map", "final=b"], 2, "final twice"),
    "unknown-field": (["table.csv", "--map", "last=a"], 2, "first, final, prompt"),
    "config-twice": (["hf://a/b", "--config", "x", "--config", "x"], 2, "x is given twice"),
    "negative-limit": (["table.csv", "--limit", "-1"], 2, "--limit"),
    "bucket-as-folder": (["table.csv", "--output", "s3://b/data"], 2, "--format webdataset"),
    "file-as-folder": (["table.csv", "--output", "table.csv"], 2, "is a file, not a folder"),
    "unknown-scheme": (["ftp://host/data"], 3, "hf://"),
    "password-in-a-url": (["s3://key:hunter2@b/x"], 2, "user:password@"),
    "token-in-a-url": (["hf://user:hunter2@a/b"], 2, "such as HF_TOKEN"),
    "query-in-a-url": (["hf://a/b?token=hunter2"], 2, "a query (?)"),
    "fragment-in-a-url": (["s3://b/x#hunter2"], 2, "a fragment (#)"),
    "query-in-a-page": (["https://huggingface.co/datasets/a/b?token=hunter2"], 2, "a query (?)"),
    "password-without-scheme": (["me:hunter2@a/b"], 2, "user:password@"),
    "password-with-an-option": (["s3://k:hunter2@b/x", "--config", "c"], 2, "user:password@"),
    "encoded-password": (["hf://me%3Ahunter2%40a/b"], 2, "(#) or %"),
    "space-in-a-url": (["s3://b/my data"], 2, "white space"),
    "long-config": (["hf://a/b", "--config", "x" * 101], 2, "--config cannot be used"),
    "long-revision": (["hf://a/b", "--revision", "x" * 201], 2, "--revision cannot be used"),
    "missing-file": (["missing.parquet"], 5, "unknown dataset missing.parquet"),
    "split-of-a-file": (["table.csv", "--split", "test"], 2, "--split does not apply"),
    "config-of-a-bucket": (["s3://b/data", "--config", "a"], 2, "--config does not apply"),
    "empty-output": (["table.csv", "--output", ""], 2, "--output is empty"),
    "empty-output-of-a-run": (
        ["table.csv", "--output", " ", "--format", "tar"],
        2,
        "--output is empty",
    ),
    "page-of-the-hub": (["https://huggingface.co/datasets/a/b/tree/main"], 3, "name hf://a/b"),
    "empty-folder": (["empty"], 5, "empty"),
}


@pytest.mark.parametrize("case", CASES)
def test_arguments_that_cannot_be_used_are_one_error(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("table.csv").write_text("image,prompt\na,b\n")
    Path("empty").mkdir()
    arguments, code, expected = CASES[case]
    result = CliRunner().invoke(app, ["import", *arguments])
    assert result.exit_code == code, result.output
    assert expected in result.stderr
    assert "Traceback" not in result.stderr
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert "hunter2" not in result.output
    assert sorted(path.name for path in Path().rglob("*")) == [
        "empty",
        "table.csv",
    ]


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
