"""HDF5 files of episodes in the default layout, with values that tests can calculate."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

ACTIONS = "hand/right/policy_output"
POSES = "right/franka/end_effector_pose"
FRAMES = "oakd_front_view/color"
TEXT = "task_description/description"
BEGIN = 999_999_999_900_000_001
"""Nanoseconds: within the first second, keys get a digit more."""


def action_times(steps: int) -> list[int]:
    return [BEGIN + number * 10_000_003 for number in range(steps)]


def pose_times(steps: int) -> list[int]:
    return [BEGIN + 7 + number * 20_000_011 for number in range(steps)]


def frame_times(frames: int) -> list[int]:
    return [BEGIN + 3 + number * 50_000_017 for number in range(frames)]


def frame(number: int, width: int = 64, height: int = 48) -> NDArray[np.uint8]:
    """A picture of two colours that tell its number."""
    picture = np.full((height, width, 3), (40 + 12 * number, 90, 200 - 9 * number), np.uint8)
    picture[: height // 2] = (200 - 5 * number, 30 + 7 * number, 60)
    return picture


def write_franka(
    path: Path,
    *,
    text: str = "Pick up the red cup",
    steps: int = 30,
    poses: int = 15,
    frames: int = 8,
    seed: int = 0,
    more: dict[str, Any] | None = None,
    without: Sequence[str] = (),
) -> Path:
    """An episode: each step is a dataset whose key is its time.

    Args:
        more: further datasets by path.
        without: paths that the file does not have.
    """
    rng = np.random.default_rng(seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        for time in action_times(steps):
            file[f"{ACTIONS}/{time}"] = rng.normal()
        for time in pose_times(poses):
            file[f"{POSES}/{time}"] = rng.normal(size=7)
        for number, time in enumerate(frame_times(frames)):
            file[f"{FRAMES}/{time}"] = frame(number)
        file[TEXT] = text
        for place in without:
            del file[place]
        for place, value in (more or {}).items():
            file[place] = value
    return path
