"""Windows stacked to batches of numpy arrays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vrdata.timeseries.create import DummyOptions, dummy_episode
from vrdata.timeseries.table.writing import write_table
from vrdata.timeseries.windows.batches import collate
from vrdata.timeseries.windows.dataset import WindowDataset, WindowOptions

STATE = WindowOptions(mode="window", media=False)


def dataset(folder: Path, *rates: int) -> WindowDataset:
    rows = [dummy_episode(n, DummyOptions(action_rate=rate)) for n, rate in enumerate(rates)]
    write_table(folder / "t.pq", rows)
    return WindowDataset(folder / "t.pq", 0.1, 0.1, STATE)


def test_windows_of_one_rate_are_stacked_without_padding(tmp_path: Path) -> None:
    windows = dataset(tmp_path, 100)
    batch = collate([windows[0], windows[5]])
    assert batch["actions"].shape == (2, 10, 3)
    assert batch["text"] == [windows[0]["text"], windows[5]["text"]]
    assert batch["step"].tolist() == [0, 5]
    for name, values in windows[5].items():
        np.testing.assert_array_equal(batch[name][1], values)


def test_masks_tell_the_steps_that_windows_of_a_lower_rate_lack(tmp_path: Path) -> None:
    windows = dataset(tmp_path, 100, 50)
    low = next(window for window in windows if window["episode"] == 1)
    batch = collate([windows[0], low])
    assert batch["actions_mask"].tolist() == [[True] * 10, [True] * 5 + [False] * 5]
    assert not batch["actions"][1, 5:].any()
    np.testing.assert_array_equal(batch["actions"][1, :5], low["actions"])


def test_frames_of_different_sizes_are_refused() -> None:
    frames = [{"video": np.zeros((1, size, 4, 3), np.uint8)} for size in (4, 8)]
    with pytest.raises(ValueError, match="choose a frame_size"):
        collate(frames)


@pytest.mark.parametrize("mode", ["window", "episode"])
def test_the_bounds_of_row_groups_are_those_of_their_windows(tmp_path: Path, mode: str) -> None:
    rows = [dummy_episode(number, DummyOptions(steps=(5, 9))) for number in range(130)]
    for name, part in (("a", rows[:100]), ("b", rows[100:])):
        write_table(tmp_path / f"{name}.pq", part)
    options = WindowOptions(mode="window" if mode == "window" else "episode", media=False)
    windows = WindowDataset([tmp_path / "a.pq", tmp_path / "b.pq"], 0.1, 0.1, options)
    bounds = windows.group_bounds()
    firsts = [windows[number]["episode"] for number in bounds[:-1].tolist()]
    assert firsts == [0, 64, 100]
    assert bounds[-1] == len(windows)
    assert all(windows[number]["step"] == 0 for number in bounds[:-1].tolist())
