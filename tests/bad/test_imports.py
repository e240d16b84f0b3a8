"""`vrdata import` of bad data: each is one clear error, or one skipped item that is counted."""

from __future__ import annotations

import json
import shlex
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from typer.main import get_command

from bad.imports.arguments import ARGUMENTS
from bad.imports.files import FILES
from bad.imports.hub import HUB
from bad.imports.items import NAMES, ROWS, WHY, lines_file, rows_file
from bad.imports.places import Case, Place, prepare, state_of
from support.cli import vrdata
from support.datasets.puzzles import puzzle_table
from support.services.hub.fixture import use_hub
from support.services.hub.server import Hub, running_hub
from support.services.small_disk import mounted_disk
from vrdata.cli.main import app

COMMAND = get_command(app)  # built once
CASES = ARGUMENTS | FILES | HUB


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    with pytest.MonkeyPatch.context() as patch, running_hub() as hub:
        use_hub(hub, tmp_path_factory.mktemp("hf"), patch)
        yield hub


@pytest.fixture
def place(shared: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    for name in ("work", "tmp"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    prepared = Place(tmp_path / "work", shared, monkeypatch)
    prepare(prepared)
    yield prepared
    shared.heal()


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_an_import_that_cannot_begin_is_one_error_and_writes_nothing(
    place: Place, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    if case.token:
        monkeypatch.setenv("HF_TOKEN", case.token)
    case.change(place)
    before = state_of(place.folder)
    result = CliRunner().invoke(COMMAND, ["import", *shlex.split(case.words)])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert result.exit_code == case.code, result.output
    assert case.expected in result.stderr
    assert result.stderr.count("error:") == 1 or "Usage: " in result.stderr
    assert "Traceback" not in result.output
    assert "hunter2" not in result.output
    assert not case.token or case.token not in result.output
    assert state_of(place.folder) == before
    assert list(Path(tempfile.gettempdir()).iterdir()) == []


@pytest.mark.slow
def test_each_bad_item_is_skipped_and_listed_and_the_others_keep_their_ids(tmp_path: Path) -> None:
    source, out = tmp_path / "items", tmp_path / "out"
    source.mkdir()
    (source / "rows.parquet").write_bytes(rows_file())
    (source / "lines.jsonl").write_bytes(lines_file())
    ran = vrdata("import", source, "--output", out, "-o", "json")
    assert ran.code == 4, ran.err
    assert "Traceback" not in ran.err
    found = {
        item["key"]: item
        for item in map(json.loads, (out / "failures.jsonl").read_text().splitlines())
    }
    numbers = [
        number - len(ROWS) if number >= len(ROWS) else number for number in range(len(NAMES))
    ]
    files = ["rows.parquet"] * len(ROWS) + ["lines.jsonl"] * (len(NAMES) - len(ROWS))
    for name, file, number, why in zip(NAMES, files, numbers, WHY, strict=True):
        item = found.pop(f"{file}#{number}", None)
        assert (item is None) == (why is None), name
        if item is not None and why is not None:
            assert item["reason"] == why[0], name
            assert why[1] in item["message"], name
    assert found == {}
    skipped = sum(why is not None for why in WHY)
    assert (ran.json["samples"], ran.json["failedSamples"]) == (len(WHY) - skipped, skipped)
    first = len(NAMES) - len(ROWS)  # the lines come first
    ids = {
        f"items_{number:05d}"
        for number, why in enumerate([*WHY[len(ROWS) :], *WHY[: len(ROWS)]])
        if why is None
    }
    assert {path.name for path in out.glob("*_task/*")} == ids
    assert (out / f"etc_task/items_{first + NAMES.index('path as a task'):05d}").is_dir()
    verified = vrdata("verify", out, "-o", "json")
    assert verified.json["datasetHash"] == ran.json["datasetHash"]


@pytest.mark.slow
def test_a_full_disk_leaves_whole_samples_and_the_same_command_continues(tmp_path: Path) -> None:
    table = puzzle_table(tmp_path / "set.parquet", 60)
    with mounted_disk(tmp_path / "disk", "size=200k") as disk:
        words = ("import", table, "--output", disk / "out", "-o", "json", "--jobs", 1)
        full = vrdata(*words)
        assert full.code == 7, full.err
        assert "No space left" in full.err + full.out
        assert "Traceback" not in full.err
        for sample in (disk / "out").glob("*_task/*"):
            assert len(list(sample.iterdir())) == 4
        subprocess.run(["mount", "-o", "remount,size=16m", disk], check=True, timeout=30)
        ran = vrdata(*words)
        assert ran.code == 0, ran.err
        assert ran.json["samples"] == 60
        verified = vrdata("verify", disk / "out", "-o", "json")
        assert verified.json["datasetHash"] == ran.json["datasetHash"]


def test_there_are_many_bad_imports() -> None:
    assert len(CASES) + sum(why is not None for why in WHY) >= 130
