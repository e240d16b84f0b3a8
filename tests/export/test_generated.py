"""Generated runs are exported, also after a killed export, and read back by each layout's rules."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from support.cli import command, vrdata, write_run
from support.exports.readers import read_bench, read_jsonl, read_pro, read_vbvr
from support.polling import wait_until
from support.trees import read_tree

pytestmark = pytest.mark.slow

SAMPLES = {"O-maze": 30, "G-pendulum": 30}


def exported(run: Path, target: Path, layout: str) -> Path:
    ran = vrdata("export", run, target, "--layout", layout)
    assert ran.code == 0, ran.err
    return target


def kill_export(run: Path, target: Path, layout: str) -> None:
    """Begin an export, and kill it when it has written some files."""
    process = subprocess.Popen(command("export", run, target, "--layout", layout))
    try:
        wait_until(lambda: len(list(target.rglob("*.png"))) > 10, "a few files are written")
        os.kill(process.pid, signal.SIGKILL)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == -signal.SIGKILL


def test_generated_samples_are_read_back_in_every_layout(tmp_path: Path) -> None:
    file = write_run(tmp_path / "run.yaml", SAMPLES, shard_size=20)
    ran = vrdata("run", file, "--local", "--out", tmp_path / "out", "--jobs", 2)
    assert ran.code == 0, ran.err
    run = tmp_path / "out/default/demo"

    kill_export(run, tmp_path / "jsonl", "jsonl")
    assert not (tmp_path / "jsonl/metadata.jsonl").exists()
    rows = read_jsonl(exported(run, tmp_path / "jsonl", "jsonl"))
    exported(run, tmp_path / "undisturbed", "jsonl")
    left = {path for path in read_tree(tmp_path / "jsonl") if path.startswith(".vrdata-tmp/")}
    assert len(left) <= 4  # unfinished writes of the killed process
    whole = read_tree(tmp_path / "jsonl")
    assert {path: whole[path] for path in whole.keys() - left} == read_tree(
        tmp_path / "undisturbed"
    )

    samples = read_vbvr(exported(run, tmp_path / "vbvr", "vbvr"))
    sides = {one.folder: one for one in read_pro(exported(run, tmp_path / "pro", "pro"))}
    assert samples.keys() == sides.keys() == {Path(row["video"]).parent.as_posix() for row in rows}
    assert all(one["parameters"] and one["ground_truth"] for one in samples.values())
    assert all(one.frame_rate == one.video.fps for one in sides.values())
    instances = read_bench(exported(run, tmp_path / "bench", "bench"))
    assert {task: len(found) for task, found in instances.items()} == SAMPLES
