"""Random windows as tensors: `vrdata.timeseries.torch`, and the dataset class of LeRobot.

python -m benchmarks.timeseries.lerobot VRDATA_PYTHON LEROBOT_PYTHON

LeRobot needs other versions of PyAV and of the Hub's client, so each class runs in an environment
of its own: the first one has vrdata[timeseries,torch], the second one lerobot 0.4. Both read the
same steps and frames, in the same order, with torch on one thread. LeRobot pads with the last step.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

EPISODES, FRAMES, FPS, SIZE = 60, 60, 20, 96
STEPS, OFFSETS, WINDOWS = 10, (-1, 0, 1), 600
REPEATS = 3
SECONDS = 600

OURS = """
import json, sys, time
import numpy as np, torch
from vrdata.timeseries.torch import TimeSeriesParquetDataset, WindowOptions
path, fps, steps, offsets, count, video = json.loads(sys.argv[1])
torch.set_num_threads(1)
options = WindowOptions(mode="window", media=video, video_frame_offsets=offsets or [0])
data = TimeSeriesParquetDataset(path, steps / fps, steps / fps, options=options)
def read(index):
    window = data[index]
    if video:
        assert window["video"].shape[:2] == (len(offsets), 3)
    return window["actions"]
"""
THEIRS = """
import json, sys, time
import numpy as np, torch
from lerobot.datasets.lerobot_dataset import LeRobotDataset
path, fps, steps, offsets, count, video = json.loads(sys.argv[1])
torch.set_num_threads(1)
times = [step / fps for step in range(steps)]
deltas = {"action": times, "observation.state": times}
camera = "observation.images.main"
if video:
    deltas[camera] = [offset / fps for offset in offsets]
data = LeRobotDataset("local/benchmark", root=path, delta_timestamps=deltas, video_backend="pyav")
if not video:
    data.meta.info["features"].pop(camera, None)
def read(index):
    window = data[index]
    if video:
        assert window[camera].shape[:2] == (len(offsets), 3)
    return window["action"]
"""
LOOP = """
order = np.random.default_rng(0).integers(0, len(data), count).tolist()
read(order[0])
begun = time.perf_counter()
total = sum(float(read(index).double().sum()) for index in order)
seconds = time.perf_counter() - begun
print(json.dumps({"windows": len(data), "sum": total, "seconds": seconds}))
"""


def main() -> int:
    """Print one line for state windows and one with video; returns the exit code."""
    if len(sys.argv) != 3:
        sys.stderr.write(__doc__ or "")
        return 2
    with tempfile.TemporaryDirectory(prefix="vrdata-lerobot-") as folder:
        root = Path(folder)
        _make(root)
        for name, video in (("state", False), ("video", True)):
            found = [_round(root, video) for _ in range(REPEATS)]
            sys.stdout.write(
                f"{name}: windows/s ours / LeRobot: {median(found):.3g} "
                f"({min(found):.3g} … {max(found):.3g})\n"
            )
    return 0


def _make(root: Path) -> None:
    """A dataset of LeRobot, and a table of it."""
    _vrdata(
        *("create", "--out", root / "made.pq", "-n", EPISODES, "--frames", FRAMES),
        *("--fps", FPS, "--size", SIZE, "--min-steps", 150),
    )
    _vrdata("to-lerobot", root / "made.pq", "--out", root / "dataset", "--fps", FPS)
    _vrdata("from-lerobot", root / "dataset", "--out", root / "table.pq", "--media-files")


def _vrdata(*words: object) -> None:
    command = [sys.executable, "-m", "vrdata.cli.main", "timeseries", *map(str, words)]
    subprocess.run(command, check=True, timeout=SECONDS, stdout=subprocess.DEVNULL)


def _round(root: Path, video: bool) -> float:
    """The time of LeRobot, divided by ours, for equally many windows."""
    common = (FPS, STEPS, OFFSETS, WINDOWS, video)
    theirs = _run(sys.argv[2], THEIRS, str(root / "dataset"), *common)
    ours = _run(sys.argv[1], OURS, str(root / "table.pq"), *common)
    assert ours["windows"] == theirs["windows"]  # noqa: S101
    return theirs["seconds"] / ours["seconds"]


def _run(python: str, code: str, *arguments: object) -> dict[str, float]:
    done = subprocess.run(
        [python, "-c", code + LOOP, json.dumps(arguments)],
        env=os.environ | {"HF_HUB_OFFLINE": "1"},
        check=True,
        timeout=SECONDS,
        capture_output=True,
        text=True,
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


if __name__ == "__main__":
    sys.exit(main())
