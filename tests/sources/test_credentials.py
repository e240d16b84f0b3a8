"""A URL that can have credentials is refused before anything is read, and is not shown again."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from support.plans.runfiles import PROFILE, RUN, profile_problems, run_problems
from vrdata.api.source import SourceSpec
from vrdata.cli.main import app
from vrdata.plan.sources import PlannedSource

PLANTED = "hunter2"
URLS = [
    f"hf://a/b?token={PLANTED}",
    f"hf://a/b#{PLANTED}",
    f"hf://me:{PLANTED}@a/b",
    f"hf://{PLANTED}@a/b",
    f"HF://a/b?{PLANTED}",
    f"s3://key:{PLANTED}@bucket/data",
    f"s3://bucket/data.parquet?X-Amz-Signature={PLANTED}",
    f"s3://bucket/data#{PLANTED}",
    f"https://me:{PLANTED}@host/data.csv",
    f"https://host/data.csv?sig={PLANTED}",
    f"file:///data.csv?{PLANTED}",
    f"me:{PLANTED}@host",
    f"hf://me%3A{PLANTED}%40a/b",
    f"s3://bucket/data%3Ftoken={PLANTED}",
    f"a b {PLANTED}",
]
PATHS = ["/data@2026/a?b#c", "./a?b", "~/a#b", "../a b", "file:///a%3Fb", "a.b/c=d,e+f"]


@pytest.mark.parametrize("url", URLS)
def test_it_cannot_be_a_source_or_be_planned(url: str) -> None:
    with pytest.raises(ValidationError) as caught:
        SourceSpec(url=url)
    assert PLANTED not in str(caught.value)
    with pytest.raises(ValidationError) as caught:
        PlannedSource(url=url, items=1, digest="sha256:" + "0" * 64)
    assert PLANTED not in str(caught.value)


@pytest.mark.parametrize("url", PATHS)
def test_paths_may_have_such_characters(url: str) -> None:
    assert SourceSpec(url=url).url == url


@pytest.mark.parametrize("url", URLS)
def test_a_run_file_with_it_is_refused_without_showing_it(url: str, tmp_path: Path) -> None:
    text = f"    - name: M-import\n      source: {{url: '{url}'}}\n"
    found = "".join(map(str, run_problems(tmp_path, RUN + text)))
    assert PLANTED not in found
    assert "such as HF_TOKEN" in found


def test_a_profile_shows_no_credentials_of_what_it_allows(tmp_path: Path) -> None:
    text = f"{PROFILE}  sources: {{allowed: ['s3://key:{PLANTED}@bucket']}}\n"
    found = "".join(map(str, profile_problems(tmp_path, text)))
    assert PLANTED not in found
    assert "s3://BUCKET/PREFIX" in found


@pytest.mark.parametrize("url", URLS[:-1])
@pytest.mark.parametrize("command", [["import"], ["generators", "test", "M-import", "--source"]])
def test_no_command_shows_it(
    command: list[str], url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, [*command, url])
    assert result.exit_code == 2
    assert PLANTED not in result.output + str(result.exception)
    assert list(tmp_path.iterdir()) == []
