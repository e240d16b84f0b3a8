"""What cannot be exported is one clear error, and nothing is written."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from support.builders import build_finished_run, build_run, make_plan, png
from support.datasets.rowsets import build_rows
from support.exports.command import export, exported
from support.exports.runs import own_metadata
from support.memorystore import MemoryStore
from support.trees import read_tree
from vrdata.dataset.outputs import succeed, summarise
from vrdata.store.file.store import FileStore
from vrdata.transfer.copy import download


def test_an_unfinished_run_is_refused(tmp_path: Path) -> None:
    build_run(FileStore(tmp_path / "run"), make_plan())
    ran = export(tmp_path / "run", tmp_path / "out", "--layout", "vbvr")
    assert (ran.code, "is not finished" in ran.err) == (5, True)
    assert not (tmp_path / "out").exists()


def test_a_run_whose_success_has_another_hash_is_refused(run: Path, tmp_path: Path) -> None:
    (run / "_SUCCESS").write_text(f"sha256:{0:064}\n")
    ran = export(run, tmp_path / "out", "--layout", "vbvr")
    assert (ran.code, "different dataset hashes" in ran.err) == (3, True)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("layout", "lost", "named"),
    [
        ("pro", "ground_truth.mp4", "ground_truth.mp4: 1 sample"),
        ("pro", "frame_4.png", "frame_4.png: 1 sample"),
        ("bench", "final_frame.png", "final_frame.png: 1 sample"),
        ("jsonl", "ground_truth.mp4", "ground_truth.mp4: 1 sample"),
    ],
)
def test_a_layout_names_what_samples_lack_and_writes_nothing(
    layout: str, lost: str, named: str, tmp_path: Path
) -> None:
    def change(index: int, files: dict[str, bytes]) -> None:
        files |= {f"frame_{at}.png": png(at) for at in range(1, 7)}
        if index == 3:
            del files[lost]

    build_finished_run(FileStore(tmp_path / "run"), make_plan(), change=change)
    ran = export(tmp_path / "run", tmp_path / "out", "--layout", layout)
    assert ran.code == 3
    assert named in ran.err
    assert "O-1_maze/maze_00000003 has no" in ran.err
    assert not (tmp_path / "out").exists()
    assert export(tmp_path / "run", tmp_path / "out", "--layout", "vbvr").code == 0


def test_pro_names_a_key_frame_that_the_metadata_lists_and_the_sample_lacks(
    tmp_path: Path,
) -> None:
    def change(index: int, files: dict[str, bytes]) -> None:
        stored = json.loads(files["metadata.json"])
        stored["generator_metadata"] = json.dumps(own_metadata(index))
        files["metadata.json"] = json.dumps(stored).encode()

    build_finished_run(FileStore(tmp_path / "run"), make_plan(), change=change)
    ran = export(tmp_path / "run", tmp_path / "out", "--layout", "pro")
    assert ran.code == 3
    assert "lists 11 key frames" in ran.err
    assert "frame_2.png" in ran.err


def test_a_run_of_rows_is_refused(tmp_path: Path) -> None:
    memory = MemoryStore()
    plan = build_rows(memory)
    succeed(memory, summarise(memory, plan, detect=False)[0])
    download(memory, tmp_path / "run")
    ran = export(tmp_path / "run", tmp_path / "out", "--layout", "vbvr")
    assert (ran.code, "has rows, not samples" in ran.err) == (3, True)


def test_run_and_export_must_be_apart(run: Path, tmp_path: Path) -> None:
    for place in (run, run / "exported", run / "x.tar.gz", tmp_path):
        ran = export(run, place, "--layout", "vbvr")
        assert (ran.code, "inside the other" in ran.err) == (2, True), place
    other = shutil.copytree(run, tmp_path / "other")
    for place in (other, other / "questions", other / "deep/er/x.tar"):
        ran = export(run, place, "--layout", "vbvr")
        assert (ran.code, f"the run is in {other}\n" in ran.err) == (3, True), place
    assert read_tree(other) == read_tree(run)
    exported(run, tmp_path / "beside.tar", "--layout", "vbvr")
