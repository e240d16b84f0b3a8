"""`vrdata timeseries from-lerobot`: datasets of each version become tables with equal values."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from support.timeseries.converting import FRONT, converted, shown, tables
from support.timeseries.lerobot import (
    CAMERAS,
    TASKS,
    Made,
    picture,
    write_current,
    write_legacy,
)

WRITERS: dict[str, Callable[[Path], Made]] = {
    "2.0": lambda root: write_legacy(root, "v2.0"),
    "2.1": lambda root: write_legacy(root, "v2.1"),
    "3.0": write_current,
    "3.0 in AV1": lambda root: write_current(root, av1=True),
    "3.0 without key frames": lambda root: write_current(root, key_frames=False),
}


@pytest.mark.parametrize("version", WRITERS)
def test_values_times_texts_and_frames_are_kept(tmp_path: Path, version: str) -> None:
    made = WRITERS[version](tmp_path / "data")
    found = tables(made)
    assert (len(found), found.cameras) == (3, ("wrist",))
    assert found.file(0).names == {"actions": ["left", "right"], "observations": ["x", "y", "z"]}
    for number, length in enumerate(made.lengths):
        episode = found.episode(number)
        np.testing.assert_array_equal(episode.actions, made.actions[number])
        np.testing.assert_array_equal(episode.observations, made.states[number])
        assert episode.text == TASKS[number % 2]
        times = [10**8 * step for step in range(length)]
        for stamps in (episode.actions_timestamps, episode.observations_timestamps):
            assert stamps.tolist() == times
        for camera, name in enumerate(("", "wrist")):
            frames = shown(episode, name)
            assert len(frames) == length
            for step, frame in enumerate(frames):
                errors = [
                    np.abs(frame - picture(number, at, camera)).mean() for at in range(length)
                ]
                assert int(np.argmin(errors)) == step
            assert episode.camera(name).video_timestamps.tolist() == times  # type: ignore[union-attr]


def test_features_can_be_chosen(tmp_path: Path) -> None:
    made = write_current(tmp_path / "data")
    swapped = tables(
        made, *("--action", "observation.state"), *("--observation", "action"),
        *("--observation", "frame_index"),
    )  # fmt: skip
    episode = swapped.episode(1)
    np.testing.assert_array_equal(episode.actions, made.states[1])
    np.testing.assert_array_equal(episode.observations[:, :2], made.actions[1])
    np.testing.assert_array_equal(episode.observations[:, 2], np.arange(5))


def test_images_in_the_data_become_a_clip(tmp_path: Path) -> None:
    made = write_legacy(tmp_path / "data", "v2.1")
    info = json.loads((made.root / "meta/info.json").read_text())
    info["features"] = {
        name: feature | ({"dtype": "image"} if name == FRONT else {})
        for name, feature in info["features"].items()
        if name != CAMERAS[1]
    }
    (made.root / "meta/info.json").write_text(json.dumps(info))
    for number, length in enumerate(made.lengths):
        cells = []
        for step in range(length):
            body = io.BytesIO()
            Image.fromarray(picture(number, step, 0)).save(body, "PNG")
            cells.append({"bytes": body.getvalue(), "path": None})
        table = made.table([number]).append_column(FRONT, pa.array(cells))
        pq.write_table(table, next(made.root.glob(f"data/*/episode_{number:06d}.parquet")))
    frames = shown(tables(made).episode(2))
    assert [np.abs(frame - picture(2, at, 0)).mean() < 4 for at, frame in enumerate(frames)] == (
        [True] * 6
    )


def changed(made: Made, **fields: object) -> None:
    path = made.root / "meta/info.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


def removed(made: Made, pattern: str) -> None:
    next(made.root.glob(pattern)).unlink()


@pytest.mark.parametrize(
    ("version", "damage", "code", "words"),
    [
        ("2.0", lambda made: changed(made, codebase_version="v1.6"), 3, "version v1.6 of the LeRo"),
        ("3.0", lambda made: changed(made, codebase_version="v4.0"), 3, "reads v2.0, v2.1, v3.0"),
        ("3.0", lambda made: changed(made, fps=0), 3, "info.json is damaged"),
        ("3.0", lambda made: changed(made, data_path="../x.parquet"), 3, "outside of its folder"),
        ("3.0", lambda made: changed(made, data_path="{a}.parquet"), 3, "unknown field {a}"),
        ("3.0", lambda made: changed(made, video_path=None), 3, "no video_path"),
        ("2.1", lambda made: removed(made, "meta/info.json"), 5, "is not a LeRobot dataset"),
        ("2.1", lambda made: removed(made, "meta/tasks.jsonl"), 5, "lacks meta/tasks.jsonl"),
        ("2.1", lambda made: removed(made, "meta/episodes.jsonl"), 5, "lacks meta/episodes.jsonl"),
        ("3.0", lambda made: removed(made, "meta/tasks.parquet"), 5, "lacks meta/tasks.parquet"),
        ("3.0", lambda made: removed(made, "meta/episodes/*/*"), 5, "lacks meta/episodes/chunk-0"),
        (
            "2.1",
            lambda made: removed(made, "data/*/*2.parquet"),
            5,
            "chunk-001/episode_000002",
        ),
        (
            "3.0",
            lambda made: removed(made, "data/*/*1.parquet"),
            5,
            "lacks data/chunk-000",
        ),
        (
            "2.1",
            lambda made: removed(made, "videos/*/*/*1.mp4"),
            5,
            "wrist/episode_000001.mp4",
        ),
        (
            "3.0",
            lambda made: removed(made, "videos/*front/*/*"),
            5,
            "lacks videos/observation",
        ),
    ],
)
def test_what_is_missing_or_wrong_is_named_and_nothing_is_written(
    tmp_path: Path, version: str, damage: Callable[[Made], None], code: int, words: str
) -> None:
    made = WRITERS[version](tmp_path / "data")
    damage(made)
    done = converted(made)
    assert (done.code, words in done.err) == (code, True), done.err
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


@pytest.mark.parametrize("version", ["2.1", "3.0"])
def test_a_damaged_file_is_named(tmp_path: Path, version: str) -> None:
    for kind in ("data/*/*.parquet", "videos/**/*.mp4"):
        made = WRITERS[version](tmp_path / kind[:4])
        path = min(made.root.glob(kind))
        path.write_bytes(path.read_bytes()[:300])
        done = converted(made)
        assert done.code == 3
        assert f"{path} is damaged" in done.err


def test_a_list_that_does_not_fit_the_data_is_an_error(tmp_path: Path) -> None:
    made = write_current(tmp_path / "data")
    path = made.root / "meta/episodes/chunk-000/file-000.parquet"
    rows = pq.read_table(path).to_pylist()
    rows[1]["length"] = 4
    pq.write_table(pa.Table.from_pylist(rows), path)
    done = converted(made)
    assert done.code == 3
    assert "file-000.parquet: episode 1 has 5 frames" in done.err
    rows[1] |= {"length": 5, "videos/observation.images.front/from_timestamp": 9.0}
    pq.write_table(pa.Table.from_pylist(rows), path)
    done = converted(made)
    assert done.code == 3
    assert "the episode has 0 frames starting at 9 s" in done.err


def test_an_unknown_feature_is_a_usage_error(tmp_path: Path) -> None:
    done = converted(write_current(tmp_path / "data"), "--action", "torque")
    assert done.code == 2
    assert "has no numeric feature torque" in done.err


def test_frames_made_of_those_of_the_next_episode_are_encoded_again(tmp_path: Path) -> None:
    made = write_current(tmp_path / "data", lengths=(5, 7), key_frames=False)
    frames = shown(tables(made).episode(0))
    errors = [np.abs(frame - picture(0, step, 0)).mean() for step, frame in enumerate(frames)]
    assert max(errors) < 4
