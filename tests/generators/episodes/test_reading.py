"""Episodes of HDF5 files: every value, every time, every frame."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import av
import h5py
import numpy as np
from PIL import Image

from support.timeseries.hdf5 import (
    ACTIONS,
    BEGIN,
    FRAMES,
    POSES,
    action_times,
    frame,
    frame_times,
    pose_times,
    write_franka,
)
from vrdata_generators.episodes.mapping import FRANKA, EpisodeMap
from vrdata_generators.episodes.reading import read_episodes
from vrdata_generators.episodes.recording import Recording


def read(path: Path, layout: EpisodeMap = FRANKA) -> Recording:
    (found,) = read_episodes(path, layout)
    return found


def arrays(**more: Any) -> EpisodeMap:
    """The map of files with one array for each series."""
    places: dict[str, Any] = {
        "text": {"path": "", "attribute": "task"},
        "actions": {"values": "action", "rate": 50},
        "observations": [{"values": "obs/qpos", "rate": 50}, {"values": "obs/qvel", "rate": 50}],
    }
    return EpisodeMap.model_validate(places | more)


def test_times_are_exact_and_keys_are_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    found = read(write_franka(tmp_path / "a.h5"))
    assert found.actions.stamps.tolist() == action_times(30)
    assert {len(str(time)) for time in action_times(30)} == {18, 19}
    assert found.observations.stamps.tolist() == pose_times(15)
    assert found.cameras[""].stamps.tolist() == frame_times(8)
    with h5py.File(tmp_path / "a.h5") as file:
        stored = [file[f"{ACTIONS}/{time}"][()] for time in action_times(30)]
        poses = [file[f"{POSES}/{time}"][()] for time in pose_times(15)]
    assert found.actions.values.tolist() == [[value] for value in stored]
    np.testing.assert_array_equal(found.observations.values, poses)


def test_the_text_is_the_value_and_not_its_key(tmp_path: Path) -> None:
    assert read(write_franka(tmp_path / "a.h5")).text == "Pick up the red cup"
    only = write_franka(tmp_path / "b.h5", without=["task_description"])
    with h5py.File(only, "a") as file:
        file.create_group("task_description").attrs["said"] = "Öffne die Tür"
    assert read(only).text == "Öffne die Tür"


def test_a_clip_has_each_frame_at_its_time(tmp_path: Path) -> None:
    clip = read(write_franka(tmp_path / "a.h5")).cameras[""]
    with av.open(io.BytesIO(clip.video)) as file:
        frames = list(file.decode(video=0))
    times = [round(one.pts * one.time_base * 10**6) for one in frames]
    assert times == [round((time - frame_times(1)[0]) / 1000) for time in frame_times(8)]
    for number, one in enumerate(frames):
        shown = one.to_ndarray(format="rgb24").astype(int)
        assert np.abs(shown - frame(number)).mean() < 3
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(clip.image))), frame(0))


def test_equal_files_give_equal_bytes(tmp_path: Path) -> None:
    one = read(write_franka(tmp_path / "a.h5")).cameras[""]
    other = read(write_franka(tmp_path / "b.h5")).cameras[""]
    assert (one.video, one.image) == (other.video, other.image)


def test_arrays_are_read_with_a_rate_and_side_by_side(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    action, qpos, qvel = rng.normal(size=(20, 3)), rng.normal(size=(20, 2)), rng.normal(size=20)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.attrs["task"] = "Stack"
        file["action"], file["obs/qpos"], file["obs/qvel"] = action, qpos, qvel
    found = read(tmp_path / "a.h5", arrays())
    assert found.text == "Stack"
    np.testing.assert_array_equal(found.actions.values, action)
    np.testing.assert_array_equal(found.observations.values, np.column_stack([qpos, qvel]))
    assert found.actions.stamps.tolist() == [number * 20_000_000 for number in range(20)]


def test_times_in_seconds_of_a_dataset(tmp_path: Path) -> None:
    seconds = 1_742_918_912 + np.arange(10) / 64
    series = {"values": "action", "times": "t", "unit": "s"}
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["action"], file["t"] = np.ones((10, 1)), seconds
    layout = EpisodeMap.model_validate(
        {"text": {"constant": "Go"}, "actions": series, "observations": series}
    )
    expected = [1_742_918_912_000_000_000 + number * 15_625_000 for number in range(10)]
    assert read(tmp_path / "a.h5", layout).actions.stamps.tolist() == expected


def test_a_file_with_several_episodes(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for number in (10, 2, 1):
            group = file.create_group(f"data/demo_{number}")
            group.attrs["task"] = f"Task {number}"
            group["action"] = np.full((4, 1), number)
            group["obs/qpos"] = group["obs/qvel"] = np.zeros((4, 1))
        file["data/other"] = 1
    found = list(read_episodes(tmp_path / "a.h5", arrays(episodes="data/demo_*")))
    assert [one.text for one in found] == ["Task 1", "Task 2", "Task 10"]
    assert [one.actions.values[0, 0] for one in found] == [1, 2, 10]


def test_frames_that_are_encoded_or_have_another_order(tmp_path: Path) -> None:
    jpeg = io.BytesIO()
    Image.fromarray(frame(3)).save(jpeg, "PNG")
    body = np.frombuffer(jpeg.getvalue(), np.uint8)
    path = write_franka(tmp_path / "a.h5", frames=0, more={f"{FRAMES}/{BEGIN}": body})
    with h5py.File(path, "a") as file:
        file["bgr"] = np.stack([frame(3)[:, :, ::-1]] * 2)
    layout = FRANKA.model_dump()
    wrist = {"values": "bgr", "rate": 20, "order": "bgr"}
    grey = {"values": "bgr", "rate": 20, "video": False}
    layout["cameras"] = {"wrist": wrist, "still": grey}
    cameras = read(path, EpisodeMap.model_validate(layout)).cameras
    assert list(cameras) == ["", "wrist", "still"]
    for name in ("", "wrist"):
        shown = np.asarray(Image.open(io.BytesIO(cameras[name].image)))
        np.testing.assert_array_equal(shown, frame(3))
    assert cameras["still"].video == b""
    assert cameras["wrist"].stamps.tolist() == [0, 50_000_000]


def test_a_soft_link_in_the_file_is_followed(tmp_path: Path) -> None:
    path = write_franka(tmp_path / "a.h5")
    with h5py.File(path, "a") as file:
        file.move("hand", "left_hand")
        file["hand"] = h5py.SoftLink("/left_hand")
    assert read(path).actions.stamps.tolist() == action_times(30)
