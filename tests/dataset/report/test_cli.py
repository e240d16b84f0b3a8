"""`vrdata report` as a user runs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.builders import build_run, make_plan
from support.cli import vrdata
from support.trees import read_tree
from vrdata.dataset.outputs import write_outputs
from vrdata.errors import ExitCode
from vrdata.store.file.store import FileStore
from vrdata.store.opening import PrefixedStore

pytestmark = pytest.mark.slow

PLAN = make_plan({"O-1_maze": 5, "G-2_rooms": 3})


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root with one finished run, `default/small`."""
    (tmp_path / "root").mkdir()
    store = PrefixedStore(FileStore(tmp_path / "root"), "default/small")
    build_run(store, PLAN)
    write_outputs(store, PLAN, detect=False)
    return tmp_path / "root"


@pytest.fixture
def unfinished(tmp_path: Path) -> Path:
    """A run with one shard of three missing."""
    (tmp_path / "unfinished").mkdir()
    build_run(FileStore(tmp_path / "unfinished"), PLAN, skip={("G-2_rooms", 0)})
    return tmp_path / "unfinished"


def files_of(folder: Path) -> dict[str, bytes]:
    """The report's files; no write has left anything else."""
    assert not list(folder.rglob(".vrdata-tmp"))
    return dict(read_tree(folder))


def test_the_report_of_a_finished_run_is_written_again_in_its_own_folder(root: Path) -> None:
    report = root / "default/small/report"
    before = files_of(report)
    (report / "index.html").write_text("old")
    ran = vrdata("report", root)
    assert ran.code == 0, ran.err
    assert ran.out.splitlines() == [
        "small, finished: 8 samples, 8 shown",
        f"report: {report}/index.html",
    ]
    assert files_of(report) == before


def test_another_folder_has_the_same_report_and_may_contain_an_older_one(
    root: Path, tmp_path: Path
) -> None:
    out = tmp_path / "page"
    for _ in range(2):
        ran = vrdata("report", root, "--out", out, "-o", "json")
        assert ran.code == 0, ran.err
        assert ran.json["report"] == f"{out}/index.html"
        assert (ran.json["samples"], ran.json["cards"], ran.json["finished"]) == (8, 8, True)
        assert files_of(out) == files_of(root / "default/small/report")


def test_a_folder_with_other_files_is_not_changed(root: Path, tmp_path: Path) -> None:
    out = tmp_path / "site"
    out.mkdir()
    (out / "index.html").write_text("<h1>mine</h1>")
    ran = vrdata("report", root, "--out", out)
    assert ran.code == ExitCode.USAGE
    assert "contains something other than a report" in ran.err
    assert files_of(out) == {"index.html": b"<h1>mine</h1>"}


def test_the_report_of_an_unfinished_run_is_written_elsewhere_and_the_run_is_not_changed(
    unfinished: Path, tmp_path: Path
) -> None:
    before = files_of(unfinished)
    refused = vrdata("report", unfinished)
    assert refused.code == ExitCode.USAGE
    assert "--out DIR" in refused.err
    ran = vrdata("report", unfinished, "--out", tmp_path / "page")
    assert ran.code == 0, ran.err
    assert "not finished: 5 samples, 5 shown" in ran.out
    assert files_of(unfinished) == before


def test_without_a_run_nothing_is_written(tmp_path: Path) -> None:
    ran = vrdata("report", tmp_path, "--out", tmp_path / "page")
    assert ran.code == ExitCode.NOT_FOUND
    assert "no run in" in ran.err
    assert list(tmp_path.iterdir()) == []


def test_a_file_instead_of_the_folder_is_a_usage_error(root: Path, tmp_path: Path) -> None:
    (tmp_path / "page").write_text("a file")
    ran = vrdata("report", root, "--out", tmp_path / "page")
    assert ran.code == ExitCode.USAGE
    assert "Traceback" not in ran.err
    assert (tmp_path / "page").read_text() == "a file"
