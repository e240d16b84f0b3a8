"""The sources of a local run: pinned once, before its plan."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from support.datasets.puzzles import puzzle_table
from vrdata.api.profile import default_profile
from vrdata.api.reading.loading import load_run
from vrdata.cli.main import app
from vrdata.contract.worker import StoreSettings
from vrdata.errors import InvalidInputError, OutputConflictError
from vrdata.local.importing.columns import check_columns
from vrdata.local.run import LocalOptions, Prepared, prepare
from vrdata.sources.port import SourceChangedError, SourceNotFoundError


def write(folder: Path, **source: object) -> Path:
    """A run file that imports `set.parquet`."""
    path = folder / "run.yaml"
    item = {
        "name": "mine",
        "converter": "M-import",
        "source": {"url": str(folder / "set.parquet")} | source,
    }
    document = {
        "apiVersion": "vrdata.dev/v1alpha1",
        "kind": "GenerationRun",
        "metadata": {"name": "demo"},
        "spec": {"generators": [item]},
    }
    path.write_text(json.dumps(document))
    return path


def prepared(folder: Path, limit: int | None = None, total: int | None = None) -> Prepared:
    options = LocalOptions(store=StoreSettings(url=str(folder / "out")), limit=limit, total=total)
    return prepare(load_run(folder / "run.yaml"), default_profile(), options)


def test_plan_shows_the_items_and_writes_nothing(tmp_path: Path) -> None:
    puzzle_table(tmp_path / "set.parquet", 12)
    where = ["--out", str(tmp_path / "out"), "-o", "json"]
    result = CliRunner().invoke(app, ["plan", str(write(tmp_path)), *where])
    assert result.exit_code == 0, result.output
    (row,) = json.loads(result.stdout)["rows"]
    assert (row["generator"], row["generatorClass"], row["samples"]) == ("mine", "M", 12)
    assert "mine: 12 items in" in result.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("command", [["plan"], ["run", "--local"]], ids=["plan", "run"])
def test_a_row_group_that_no_worker_can_fetch_is_named_before_the_run(
    command: list[str], tmp_path: Path
) -> None:
    puzzle_table(tmp_path / "set.parquet", 12)
    (tmp_path / "profile.yaml").write_text(
        "apiVersion: vrdata.dev/v1alpha1\nkind: GenerationProfile\nmetadata: {name: small}\n"
        "spec: {classes: {M: {ephemeralStorage: 1Ki}}}\n"
    )
    where = ["--out", str(tmp_path / "out"), "--profile", str(tmp_path / "profile.yaml")]
    result = CliRunner().invoke(app, [*command, str(write(tmp_path)), *where])
    assert result.exit_code == InvalidInputError.exit_code
    assert "mine: a part of set.parquet needs" in result.stderr
    assert "384 B of it for the items" in result.stderr
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").rglob("*.*"))


def test_plan_shows_each_source_of_one_converter(tmp_path: Path) -> None:
    puzzle_table(tmp_path / "set.parquet", 12)
    path = write(tmp_path)
    document = json.loads(path.read_text())
    (item,) = document["spec"]["generators"]
    few = item | {"name": "few", "source": item["source"] | {"limit": 5}}
    document["spec"]["generators"].append(few)
    path.write_text(json.dumps(document))
    where = ["--out", str(tmp_path / "out"), "-o", "json"]
    result = CliRunner().invoke(app, ["plan", str(path), *where])
    assert result.exit_code == 0, result.output
    rows = json.loads(result.stdout)["rows"]
    assert {row["generator"]: row["samples"] for row in rows} == {"mine": 12, "few": 5}


def test_what_is_read_of_a_source_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vrdata.local.planning.READING_SECONDS", 0.0)
    (tmp_path / "set").mkdir()
    for name in ("a.png", "b.png"):
        (tmp_path / "set" / name).write_bytes(b"x" * 1024)
    write(tmp_path, url=str(tmp_path / "set"))
    options = LocalOptions(store=StoreSettings(url=str(tmp_path / "out")))
    said: list[str] = []
    prepare(load_run(tmp_path / "run.yaml"), default_profile(), options, say=said.append)
    assert [line for line in said if line.startswith("reading")] == [
        "reading a.png: 1.0 KiB of the sources so far",
        "reading b.png: 2.0 KiB of the sources so far",
    ]
    said.clear()
    prepare(load_run(tmp_path / "run.yaml"), default_profile(), options, say=said.append)
    assert not any(line.startswith("reading") for line in said)  # it is pinned


def test_tables_of_text_are_said_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vrdata.local.planning.READING_SECONDS", 0.0)
    (tmp_path / "set.csv").write_text("image,prompt\na.png,Go.\n")
    write(tmp_path, url=str(tmp_path / "set.csv"))
    options = LocalOptions(store=StoreSettings(url=str(tmp_path / "out")))
    said: list[str] = []
    run = load_run(tmp_path / "run.yaml")
    prepare(run, default_profile(), options, say=said.append, write=False)
    assert "reading set.csv: 23 B of the sources so far" in said


def test_a_run_that_has_begun_keeps_its_source(tmp_path: Path) -> None:
    puzzle_table(tmp_path / "set.parquet", 12)
    write(tmp_path)
    first = prepared(tmp_path).plan
    puzzle_table(tmp_path / "set.parquet", 20)
    assert prepared(tmp_path).plan.hash == first.hash
    assert first.generator("mine").samples == 12


def test_another_source_is_another_run(tmp_path: Path) -> None:
    puzzle_table(tmp_path / "set.parquet", 12)
    write(tmp_path)
    prepared(tmp_path)
    write(tmp_path, limit=3)
    with pytest.raises(OutputConflictError):
        prepared(tmp_path)


@pytest.mark.parametrize(("limit", "total"), [(5, None), (None, 5)])
def test_a_limit_is_the_number_of_items(
    limit: int | None, total: int | None, tmp_path: Path
) -> None:
    puzzle_table(tmp_path / "set.parquet", 12)
    write(tmp_path)
    assert prepared(tmp_path, limit, total).plan.generator("mine").samples == 5


def test_a_table_without_items_is_refused(tmp_path: Path) -> None:
    puzzle_table(tmp_path / "set.parquet", 0)
    write(tmp_path)
    with pytest.raises(SourceNotFoundError, match="has no items"):
        prepared(tmp_path)


@pytest.mark.parametrize(
    ("options", "expected"),
    [({}, ""), ({"final": "solution"}, "solution_image"), ({"first": "picture"}, "prompt, image")],
)
def test_columns_that_do_not_exist_are_refused_before_any_row_is_read(
    options: dict[str, str], expected: str, tmp_path: Path
) -> None:
    puzzle_table(tmp_path / "set.parquet", 12)
    write(tmp_path)
    run = prepared(tmp_path)
    if not expected:
        check_columns(run, options)
        return
    with pytest.raises(InvalidInputError) as caught:
        check_columns(run, options)
    assert expected in caught.value.why


def test_the_header_of_a_csv_file_is_checked(tmp_path: Path) -> None:
    (tmp_path / "set.csv").write_text("picture,prompt\na.png,Go.\n")
    write(tmp_path, url=str(tmp_path / "set.csv"))
    run = prepared(tmp_path)
    check_columns(run, {"first": "picture"})
    with pytest.raises(InvalidInputError, match="cannot be imported"):
        check_columns(run, {})


def test_a_table_that_changed_after_it_was_pinned_is_named(tmp_path: Path) -> None:
    puzzle_table(tmp_path / "set.parquet", 24, bad=(3, 17))
    write(tmp_path)
    run = prepared(tmp_path)
    puzzle_table(tmp_path / "set.parquet", 24, bad=(1,))  # a larger file
    with pytest.raises(SourceChangedError, match=r"set\.parquet has changed since the run began"):
        check_columns(run, {})
