"""`vrdata timeseries to-lerobot`: a dataset 3.0 with the values of a table."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from support.cli import called
from support.timeseries.converting import FRONT, shown, tables
from support.timeseries.hdf5 import frame, write_franka
from support.timeseries.lerobot import TASKS, Made, picture, write_current
from vrdata.errors import InvalidInputError
from vrdata.timeseries.convert.lerobot.write.resampling import grid_of, own_rate
from vrdata.timeseries.convert.lerobot.write.statistics import of_steps
from vrdata.timeseries.table.episode import Episode
from vrdata.timeseries.table.reading import open_tables
from vrdata.timeseries.table.writing import write_table


@pytest.fixture
def made(tmp_path: Path) -> Made:
    """A dataset, and its table beside it."""
    found = write_current(tmp_path / "data", lengths=(7, 5, 6, 9, 4))
    tables(found)
    return found


def back(made: Made, *options: object) -> Path:
    folder = made.root.with_name("back")
    table = made.root.with_suffix(".parquet")
    done = called("timeseries", "to-lerobot", table, "-o", folder, "--camera", "front", *options)
    assert done.code == 0, done.err
    assert done.out == f"wrote 5 episodes to {folder}\n"
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_a_round_trip_keeps_values_times_texts_and_frames(made: Made) -> None:
    folder = back(made)
    again = tables(replace(made, root=folder))
    before = open_tables([made.root.with_suffix(".parquet")])
    for number in range(5):
        one, other = before.episode(number), again.episode(number)
        np.testing.assert_array_equal(one.actions, other.actions)
        np.testing.assert_array_equal(one.observations, other.observations)
        np.testing.assert_array_equal(one.actions_timestamps, other.actions_timestamps)
        assert one.text == other.text
        for camera in ("", "wrist"):
            pairs = zip(shown(one, camera), shown(other, camera), strict=True)
            assert max(np.abs(a - b).mean() for a, b in pairs) < 4
    assert before.file(0).names == again.file(0).names


def test_frames_in_the_order_of_presentation_are_copied(made: Made) -> None:
    first = replace(made, root=back(made))
    tables(first)
    second = first.root.with_name("second")
    done = called("timeseries", "to-lerobot", first.root.with_suffix(".parquet"), "-o", second)
    assert done.code == 0, done.err
    one = tables(first)
    other = tables(replace(made, root=second))
    for number in range(5):
        pairs = zip(shown(one.episode(number)), shown(other.episode(number)), strict=True)
        assert all((a == b).all() for a, b in pairs)


def test_clips_in_av1_stay_in_av1(tmp_path: Path) -> None:
    scheduling = os.sched_getscheduler(0)
    made = write_current(tmp_path / "data", lengths=(4, 3, 5, 4, 4), av1=True)
    assert os.sched_getscheduler(0) == scheduling  # the encoder changes it for root
    before = tables(made).episode(3)
    folder = back(made)
    info = json.loads((folder / "meta/info.json").read_text())
    assert info["features"][FRONT]["info"]["video.codec"] == "av1"
    after = tables(replace(made, root=folder)).episode(3)
    pairs = zip(shown(before), shown(after), strict=True)
    assert all((a == b).all() for a, b in pairs)


def test_the_files_are_those_that_the_format_describes(made: Made) -> None:
    folder = back(made, "--robot-type", "so100")
    info = json.loads((folder / "meta/info.json").read_text())
    assert (info["codebase_version"], info["fps"], info["robot_type"]) == ("v3.0", 10, "so100")
    assert (info["total_episodes"], info["total_frames"], info["total_tasks"]) == (5, 31, 2)
    assert info["splits"] == {"train": "0:5"}
    assert info["features"]["action"]["names"] == ["left", "right"]
    assert info["features"][FRONT]["shape"] == [32, 48, 3]
    place = {"chunk_index": 0, "file_index": 0}
    data = pq.read_table(folder / info["data_path"].format(**place))
    assert data["index"].to_pylist() == list(range(31))
    assert data["frame_index"].to_pylist() == [step for n in made.lengths for step in range(n)]
    assert str(data.schema.field("action").type).startswith("fixed_size_list<")
    np.testing.assert_array_equal(data["timestamp"].to_numpy()[:7], np.float32(np.arange(7) / 10))
    tasks = pd.read_parquet(folder / "meta/tasks.parquet")
    assert tasks.loc[TASKS[1]].task_index == 1
    rows = pq.read_table(folder / "meta/episodes/chunk-000/file-000.parquet").to_pylist()
    assert [row["length"] for row in rows] == list(made.lengths)
    assert [row["dataset_from_index"] for row in rows] == [0, 7, 12, 18, 27]
    assert [row[f"videos/{FRONT}/from_timestamp"] for row in rows] == [0.0, 0.7, 1.2, 1.8, 2.7]
    assert (folder / info["video_path"].format(video_key=FRONT, **place)).is_file()
    stats = json.loads((folder / "meta/stats.json").read_text())
    every = np.concatenate(made.actions).astype(np.float64)
    for name, expected in (("min", every.min(0)), ("mean", every.mean(0)), ("std", every.std(0))):
        np.testing.assert_allclose(stats["action"][name], expected, atol=1e-9)
    assert stats["action"]["count"] == [31]
    assert np.shape(stats[FRONT]["mean"]) == (3, 1, 1)
    shown = [
        picture(episode, step, 0) / 255
        for episode, n in enumerate(made.lengths)
        for step in range(n)
    ]
    pixels = np.stack(shown).reshape(-1, 3)
    assert stats[FRONT]["count"] == [31]
    for name, expected in (
        ("min", pixels.min(0)),
        ("mean", pixels.mean(0)),
        ("std", pixels.std(0)),
    ):
        np.testing.assert_allclose(np.ravel(stats[FRONT][name]), expected, atol=0.03)
    one = made.actions[2].astype(np.float64)
    for name, share in (("q01", 0.01), ("q50", 0.5), ("q99", 0.99)):
        np.testing.assert_allclose(rows[2][f"stats/action/{name}"], np.quantile(one, share, axis=0))
    np.testing.assert_allclose(rows[2]["stats/observation.state/max"], made.states[2].max(0))


def test_the_same_table_gives_the_same_bytes(made: Made) -> None:
    one = back(made)
    bodies = contents(one)
    one.rename(one.with_name("first"))
    assert contents(back(made)) == bodies


def test_a_rate_samples_values_that_are_held_and_the_nearest_frames(tmp_path: Path) -> None:
    table = tmp_path / "a.parquet"
    write_franka(tmp_path / "a.h5", steps=100, poses=50, frames=20)
    assert called("timeseries", "from-hdf5", tmp_path / "a.h5", "-o", table).code == 0
    done = called("timeseries", "to-lerobot", table, "-o", tmp_path / "out")
    assert done.code == 3
    assert "actions and observations have different times" in done.err
    assert "--fps" in done.err
    assert not (tmp_path / "out").exists()
    done = called("timeseries", "to-lerobot", table, "-o", tmp_path / "out", "--fps", "25")
    assert done.code == 0, done.err
    episode = open_tables([table]).episode(0)
    found = tables(Made(tmp_path / "out", ())).episode(0)
    begin = int(episode.observations_timestamps[0])
    for step in range(len(found.actions)):
        time = begin + step * 40_000_000 + 100_000
        at = int(np.searchsorted(episode.actions_timestamps, time, side="right")) - 1
        assert found.actions[step, 0] == np.float32(episode.actions[at, 0])
    frames = shown(found)
    assert len(frames) == len(found.actions)
    assert episode.video_timestamps is not None
    nearest = [
        int(np.argmin(np.abs(episode.video_timestamps - (begin + step * 40_000_000))))
        for step in range(len(frames))
    ]
    errors = [np.abs(one - frame(at)).mean() for one, at in zip(frames, nearest, strict=True)]
    assert max(errors) < 4


def series(actions: list[int], observations: list[int]) -> Episode:
    return Episode(
        "Go",
        np.ones((len(actions), 1)),
        np.array(actions, np.int64),
        np.ones((len(observations), 2)),
        np.array(observations, np.int64),
    )


@pytest.mark.parametrize(
    ("times", "words"),
    [
        ([0], "one step has no rate"),
        ([0, 10**8, 3 * 10**8], "do not have a regular"),
        ([0, 3 * 10**9, 6 * 10**9], "do not have a regular"),
    ],
)
def test_times_without_a_whole_rate_are_refused(times: list[int], words: str) -> None:
    with pytest.raises(InvalidInputError, match=words):
        own_rate(series(times, times), "row 0")


def test_a_grid_covers_the_times_at_which_both_have_values() -> None:
    grid = grid_of(series([0, 50, 100], [40, 90, 400]), 10**8, "row 0")
    assert grid.times.tolist()[:2] == [40, 50]
    late = series([0, 10**9], [2 * 10**9, 3 * 10**9])
    with pytest.raises(InvalidInputError, match="have no common time"):
        grid_of(late, 10, "row 0")


def test_moments_of_parts_are_those_of_the_whole() -> None:
    values = np.random.default_rng(2).normal(size=(50, 3))
    parts = of_steps(values[:7]).plus(of_steps(values[7:20])).plus(of_steps(values[20:])).to_dict()
    np.testing.assert_allclose(parts["std"], values.std(0))
    np.testing.assert_allclose(parts["mean"], values.mean(0))
    assert parts["count"] == [50]


def test_single_values_are_no_lists(tmp_path: Path) -> None:
    stamps = [step * 10**8 for step in range(4)]
    write_table(tmp_path / "a.parquet", [series(stamps, stamps)])
    done = called("timeseries", "to-lerobot", tmp_path / "a.parquet", "-o", tmp_path / "out")
    assert done.code == 0, done.err
    data = pq.read_table(tmp_path / "out/data/chunk-000/file-000.parquet")
    assert str(data.schema.field("action").type) == "float"
    assert json.loads((tmp_path / "out/meta/info.json").read_text())["video_path"] is None
    again = tables(Made(tmp_path / "out", ())).episode(0)
    assert again.actions.shape == (4, 1)


def test_a_folder_with_files_is_not_replaced(made: Made) -> None:
    done = called("timeseries", "to-lerobot", made.root.with_suffix(".parquet"), "-o", made.root)
    assert done.code == 3
    assert "already exists" in done.err


@pytest.mark.parametrize("name", ["x/../../../../evil", "front"])
def test_a_camera_never_writes_to_the_files_of_another_or_out_of_the_folder(
    made: Made, tmp_path: Path, name: str
) -> None:
    table = made.root.with_suffix(".parquet")
    episodes = open_tables([table])
    rows = [episodes.episode(number) for number in range(5)]
    write_table(table, [replace(row, cameras={name: row.camera()}) for row in rows])
    before = {*tmp_path.rglob("*")}
    folder = tmp_path / "back"
    done = called("timeseries", "to-lerobot", table, "-o", folder, "--camera", "front")
    assert done.code == 3, done
    assert name in done.err
    assert {*tmp_path.rglob("*")} == before
