"""Generators that are added between two starts of one run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from support.cli import write_run
from support.plans.catalogues import catalogue, entry
from vrdata.api.profile import default_profile
from vrdata.api.reading.loading import load_run
from vrdata.cli.main import app
from vrdata.contract.worker import StoreSettings
from vrdata.local import planning
from vrdata.local.run import LocalOptions, prepare
from vrdata.plan.catalogue import CatalogueEntry


def grow(home: Path, *entries: CatalogueEntry | str) -> None:
    home.mkdir(exist_ok=True)
    (home / "catalogue.json").write_bytes(catalogue(*entries).to_json())


def start(folder: Path) -> Result:
    """Plan the run; it could not be generated, because the catalogue has no code."""
    where = ["--out", str(folder / "out"), "--generators", str(folder / "home"), "-o", "json"]
    return CliRunner().invoke(app, ["plan", str(folder / "run.yaml"), *where])


@pytest.fixture
def begun(tmp_path: Path) -> Path:
    """A folder with the stored plan of a run of all O-own generators, two of them."""
    write_run(tmp_path / "run.yaml", {"O-own-*": 3})
    grow(tmp_path / "home", "O-own-a", "O-own-b")
    options = LocalOptions(
        store=StoreSettings(url=str(tmp_path / "out")),
        catalogues=(tmp_path / "home/catalogue.json",),
    )
    prepare(load_run(tmp_path / "run.yaml"), default_profile(), options)
    return tmp_path


def generators(result: Result) -> list[str]:
    rows: list[dict[str, Any]] = json.loads(result.stdout)["rows"]
    return [row["generator"] for row in rows]


def test_the_run_continues_with_its_generators_and_one_line_names_the_skipped_ones(
    begun: Path,
) -> None:
    grow(begun / "home", "O-own-a", "O-own-b", "O-own-c", "O-other")
    result = start(begun)
    assert result.exit_code == 0, result.output
    assert generators(result) == ["O-own-a", "O-own-b"]
    (line,) = result.stderr.splitlines()
    assert "continues with the 2 generators of its plan" in line
    assert "1 added since match its globs, too (O-own-c)" in line
    assert "use another metadata.name" in line


def test_an_added_generator_that_the_spec_does_not_allow_does_not_matter(begun: Path) -> None:
    grow(begun / "home", "O-own-a", "O-own-b", entry("O-own-c", seeded=False))
    result = start(begun)
    assert result.exit_code == 0, result.output
    assert generators(result) == ["O-own-a", "O-own-b"]


def test_nothing_is_printed_if_no_generator_was_added(begun: Path) -> None:
    result = start(begun)
    assert (result.exit_code, result.stderr) == (0, "")


def test_a_changed_glob_is_another_plan(begun: Path) -> None:
    grow(begun / "home", "O-own-a", "O-own-b", "O-other")
    write_run(begun / "run.yaml", {"O-o*": 3})
    result = start(begun)
    assert result.exit_code == 3
    assert "generator O-other is wanted and not there" in result.stderr


def test_other_versions_of_the_encoders_are_another_plan(
    begun: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grow(begun / "home", "O-own-a", "O-own-b", "O-own-c")
    monkeypatch.setattr(planning, "content_versions", lambda: {"av": "0"})
    result = start(begun)
    assert result.exit_code == 3
    assert "another plan" in result.stderr
    assert "av was " in result.stderr
    assert "O-own-c" not in result.stderr  # which is not why
    assert "restore the generators and packages of the stored plan" in result.stderr
