"""No command shows the credentials of a URL that it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from vrdata.cli.main import app

PLANTED = "hunter2"
STORES = [
    f"s3://me:{PLANTED}@bucket/data",
    f"s3://me:{PLANTED}/data",
    f"https://me:{PLANTED}@host/data",
    f"file://me:{PLANTED}@host/data",
]
URLS = [
    *STORES,
    f"S3://me:{PLANTED}@bucket",
    f"s3://me:{PLANTED}@bucket/{'long/' * 60}",
    f"hf://me:{PLANTED}@organisation/name",
    f"hf://me:{PLANTED}@organisation/name/folder",
]
COMMANDS = [
    ["run", "run.yaml", "--local", "--out", "URL"],
    ["plan", "run.yaml", "--out", "URL"],
    ["verify", "URL"],
    ["report", "URL"],
    ["upload", "FOLDER", "URL"],
    ["download", "URL", "copy"],
    ["bucket", "create", "URL"],
    ["doctor", "--store", "URL"],
    ["push", "URL", "hf://organisation/name"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("url", STORES)
def test_a_refused_url_is_shown_without_its_credentials(
    command: list[str], url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    places = {"URL": url, "FOLDER": str(tmp_path)}
    result = CliRunner().invoke(app, [places.get(word, word) for word in command])
    assert result.exit_code
    assert PLANTED not in result.output + str(result.exception)


@pytest.mark.parametrize(
    "command",
    [
        ["import", "rows.jsonl", "--output"],
        ["import", "rows.jsonl", "--format", "tar", "--output"],
        ["push", "."],
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("url", URLS)
def test_nor_is_a_url_of_another_kind_than_the_command_takes(
    command: list[str], url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rows.jsonl").write_text('{"image": "1.png"}\n')
    result = CliRunner().invoke(app, [*command, url])
    assert result.exit_code
    assert PLANTED not in result.output + str(result.exception)
