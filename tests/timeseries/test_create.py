"""Dummy tables are those of their options, byte for byte, and can be used at once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vrdata.timeseries.create import DummyOptions, create_table
from vrdata.timeseries.table.reading import open_tables
from vrdata.timeseries.windows.dataset import WindowDataset, WindowOptions

SMALL = DummyOptions(episodes=3, frames=8, size=16)


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_equal_options_give_equal_files(tmp_path: Path) -> None:
    for name in ("a", "b"):
        assert create_table(tmp_path / name / "data.pq", SMALL) == 3
    first, second = files(tmp_path / "a"), files(tmp_path / "b")
    assert first == second
    assert set(first) == {
        "data.pq",
        *(f"imgs/img_{number}.png" for number in range(3)),
        *(f"videos/video_{number}.mp4" for number in range(3)),
    }


@pytest.mark.parametrize(("embed", "form"), [(False, "vrdata"), (True, "vrdata"), (False, "seed")])
def test_windows_of_each_form_are_equal(tmp_path: Path, embed: bool, form: str) -> None:
    create_table(tmp_path / "a/data.pq", SMALL)
    create_table(tmp_path / "b/data.pq", SMALL, embed=embed, form=form)  # type: ignore[arg-type]
    options = WindowOptions(video_frame_offsets=(-1, 0, 1))
    one, other = (
        WindowDataset(tmp_path / name / "data.pq", 0.1, 0.1, options) for name in ("a", "b")
    )
    assert len(one) == len(other) == 3
    for expected, found in zip(one, other, strict=True):
        assert expected["actions"].shape == (10, 3)
        assert expected["observations"].shape == (5, 7)
        assert expected["video_mask"].tolist() == [False, True, True]
        assert expected["image_mask"]
        for key, value in expected.items():
            np.testing.assert_array_equal(found[key], value)


def test_the_episodes_are_as_long_and_fast_as_asked(tmp_path: Path) -> None:
    options = DummyOptions(
        episodes=20, frames=0, steps=(5, 9), action_rate=30, action_values=2, observation_values=1
    )
    create_table(tmp_path / "t.pq", options)
    tables = open_tables([tmp_path / "t.pq"])
    steps = tables.steps("actions")
    assert (steps.min(), steps.max()) == (5, 9)
    assert tables.dimensions == {"actions": 2, "observations": 1}
    assert tables.episode(0).actions_timestamps[:3].tolist() == [0, 33333333, 66666667]
    assert not (tmp_path / "imgs").exists()
