"""`vrdata export` writes equal bytes from every format, resumes, and overwrites nothing."""

from __future__ import annotations

import tarfile
import uuid
from pathlib import Path

import pytest

from support.exports.command import export, exported
from support.exports.runs import FORMATS, ids, rich_run
from support.trees import read_tree, write_tree
from vrdata.cli.storage.export import LayoutName
from vrdata.export.layouts.registry import LAYOUTS
from vrdata.export.run import export as run_export
from vrdata.export.targets.opening import open_target
from vrdata.store.file.store import FileStore
from vrdata.store.opening import open_store
from vrdata.transfer.copy import download


def test_the_command_has_all_layouts() -> None:
    assert {one.value for one in LayoutName} == set(LAYOUTS)


@pytest.mark.parametrize("layout", sorted(LAYOUTS))
def test_all_formats_export_equal_bytes(runs: dict[str, Path], layout: str, tmp_path: Path) -> None:
    trees = []
    for name in FORMATS:
        exported(runs[name], tmp_path / name, "--layout", layout)
        trees.append(read_tree(tmp_path / name))
    assert trees[0]
    assert all(tree == trees[0] for tree in trees)


@pytest.mark.parametrize("ending", [".tar", ".tar.gz"])
def test_an_archive_has_the_files_of_the_folder(
    runs: dict[str, Path], ending: str, tmp_path: Path
) -> None:
    first, second = tmp_path / f"a{ending}", tmp_path / f"b{ending}"
    for path, name in ((first, "webdataset"), (second, "parquet")):
        answer = exported(runs[name], path, "--layout", "jsonl")
        assert (answer["written"], answer["bytes"]) == (1, path.stat().st_size)
    assert first.read_bytes() == second.read_bytes()
    with tarfile.open(first) as archive:
        assert all(one.isreg() and one.mtime == 0 for one in archive)
        assert archive.getnames()[-1] == "metadata.jsonl"
        archive.extractall(tmp_path / "unpacked", filter="data")
    exported(runs["webdataset"], tmp_path / "out", "--layout", "jsonl")
    assert read_tree(tmp_path / "unpacked") == read_tree(tmp_path / "out")


@pytest.mark.parametrize("name", ["out", "out.tar"])
def test_progress_is_reported_after_each_sample(
    runs: dict[str, Path], name: str, tmp_path: Path
) -> None:
    run = FileStore(runs["files"])
    target, _ = open_target(str(tmp_path / name), run)
    seen: list[int] = []
    result = run_export(run, LAYOUTS["jsonl"], target, report=lambda at: seen.append(at.samples))
    assert seen == list(range(1, result.samples + 1))


@pytest.mark.parametrize("name", ["out", "out.tar.gz"])
def test_a_second_export_writes_nothing(run: Path, name: str, tmp_path: Path) -> None:
    first = exported(run, tmp_path / name, "--layout", "pro")
    before = read_tree(tmp_path)
    again = exported(run, tmp_path / name, "--layout", "pro")
    assert (again["written"], again["bytes"], again["skipped"]) == (0, 0, first["written"])
    assert read_tree(tmp_path) == before


def test_an_interrupted_export_continues(run: Path, tmp_path: Path) -> None:
    exported(run, tmp_path / "out", "--layout", "jsonl")
    whole = read_tree(tmp_path / "out")
    lost = [path for path in whole if "rooms" in path] + ["metadata.jsonl"]
    for path in lost:
        (tmp_path / "out" / path).unlink()
    assert exported(run, tmp_path / "out", "--layout", "jsonl")["written"] == len(lost)
    assert read_tree(tmp_path / "out") == whole


@pytest.mark.parametrize("name", ["out", "out.tar"])
def test_other_bytes_are_refused_and_stay(run: Path, name: str, tmp_path: Path) -> None:
    place = f"out/{ids()[2]}/prompt.txt" if name == "out" else name
    write_tree(tmp_path, {place: b"mine"})
    ran = export(run, tmp_path / name, "--layout", "vbvr")
    assert ran.code == 3
    assert "has other bytes" in ran.err
    assert (tmp_path / place).read_bytes() == b"mine"


@pytest.mark.parametrize(("name", "left"), [("out", False), ("out.tar.gz", True)])
def test_damaged_data_is_not_exported(run: Path, name: str, left: bool, tmp_path: Path) -> None:
    path = next(path for path in (run / "shards").rglob("*rooms*.tar"))
    body = path.read_bytes()
    at = body.index(b"Move the")
    path.write_bytes(body[:at] + b"Lose" + body[at + 4 :])
    ran = export(run, tmp_path / name, "--layout", "jsonl")
    assert ran.code == 7
    assert "differs from its commit marker" in ran.err
    if left:
        assert {one.name for one in tmp_path.iterdir()} == {"run"}
    else:
        assert not (tmp_path / name / "metadata.jsonl").exists()


def test_failed_samples_leave_gaps_and_are_noted(tmp_path: Path) -> None:
    rich_run(FileStore(tmp_path / "run"), failed={("O-1_maze", 1)})
    ran = export(tmp_path / "run", tmp_path / "out", "--layout", "bench")
    assert ran.code == 0, ran.err
    numbers = sorted(path.name for path in (tmp_path / "out/O-1_maze").iterdir())
    assert numbers == ["00000", "00002", "00003", "00004"]
    assert "note: 1 sample of the run failed" in ran.err


@pytest.mark.slow
@pytest.mark.s3
def test_a_run_in_a_bucket_is_exported_to_a_bucket(
    request: pytest.FixtureRequest, runs: dict[str, Path], tmp_path: Path
) -> None:
    bucket = request.getfixturevalue("s3").make_bucket(f"b-{uuid.uuid4().hex[:12]}")
    rich_run(open_store(f"s3://{bucket}/runs/demo"), "webdataset")
    for name in ("prefix", "archives/x.tar.gz"):
        place = f"s3://{bucket}/{name}"
        for written in (True, False):
            answer = exported(f"s3://{bucket}/runs/demo", place, "--layout", "pro")
            assert (answer["written"] > 0, answer["skipped"] > 0) == (written, not written)
    ran = export(runs["files"], f"s3://{bucket}/runs/demo/a/b", "--layout", "pro")
    assert (ran.code, f"the run is in s3://{bucket}/runs/demo/" in ran.err) == (3, True)
    exported(runs["files"], tmp_path / "out", "--layout", "pro")
    exported(runs["files"], tmp_path / "x.tar.gz", "--layout", "pro")
    download(open_store(f"s3://{bucket}/prefix"), tmp_path / "back")
    assert read_tree(tmp_path / "back") == read_tree(tmp_path / "out")
    stored = open_store(f"s3://{bucket}/archives").get("x.tar.gz")
    assert stored == (tmp_path / "x.tar.gz").read_bytes()
