"""Concurrent generators that write videos to the same path: every sample gets its own video."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest

from support.cli import vrdata, write_run
from support.generators.traps import PALETTE

pytestmark = pytest.mark.slow


def colour_of(video: Path) -> int:
    """The palette's colour nearest to the middle frame of a video."""
    with av.open(str(video)) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    mean = frames[len(frames) // 2].mean(axis=(0, 1))
    return int(np.argmin([np.abs(mean - colour).sum() for colour in np.array(PALETTE)]))


def mismatches(folder: Path) -> list[str]:
    """Samples whose video does not show the colour of their metadata."""
    wrong = []
    for metadata in sorted(folder.rglob("metadata.json")):
        own = json.loads(json.loads(metadata.read_text())["generator_metadata"])
        colour = own["parameters"]["colour"]
        if colour_of(metadata.parent / "ground_truth.mp4") != colour:
            wrong.append(metadata.parent.name)
    return wrong


def test_plain_runs_of_the_repository_do_overwrite_each_other(
    tmp_path: Path, traps_home: Path
) -> None:
    """The trap works: of two plain runs, the second starts while the first writes."""
    repository = next((traps_home / "repos").glob("O-shared-*"))
    shared = tmp_path / "tmp"
    shared.mkdir()
    for seed in (1, 2):
        script = [sys.executable, repository / "examples" / "generate.py", "--num-samples", "12"]
        subprocess.run(
            [*script, "--seed", str(seed), "--output", tmp_path / str(seed)],
            env={"TMPDIR": str(shared)},
            check=True,
            timeout=60,
        )
    assert len(list((shared / "shared_videos").iterdir())) == 12, "24 videos in 12 files"


@pytest.mark.parametrize("video", ["h264", "asIs"])
def test_two_children_of_a_generator_that_shares_its_folder_keep_their_videos_apart(
    tmp_path: Path, traps_home: Path, video: str
) -> None:
    run = write_run(
        tmp_path / "run.yaml", {"O-shared": 60}, shard_size=60, output_format="files", video=video
    )
    arguments = ("--local", "--out", tmp_path / "out", "--generators", traps_home, "--jobs", 2)
    ran = vrdata("run", run, *arguments)
    assert ran.code == 0, ran.err
    samples = list((tmp_path / "out").rglob("metadata.json"))
    assert len(samples) == 60
    assert mismatches(tmp_path / "out") == []


def test_two_workers_of_a_generator_that_shares_its_folder_keep_their_videos_apart(
    tmp_path: Path, traps_home: Path
) -> None:
    run = write_run(tmp_path / "run.yaml", {"O-shared": 60}, shard_size=10, output_format="files")
    arguments = ("--local", "--out", tmp_path / "out", "--generators", traps_home, "--jobs", 2)
    ran = vrdata("run", run, *arguments)
    assert ran.code == 0, ran.err
    assert len(list((tmp_path / "out").rglob("metadata.json"))) == 60
    assert mismatches(tmp_path / "out") == []
