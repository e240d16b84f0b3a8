"""`vrdata timeseries from-hdf5`: HDF5 files become a table, or nothing is written."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path
from typing import Any

import av
import h5py
import numpy as np
import pytest
import yaml

from support.cli import called
from support.timeseries.hdf5 import (
    ACTIONS,
    BEGIN,
    action_times,
    frame,
    frame_times,
    pose_times,
    write_franka,
)
from vrdata.timeseries.table.episode import Episode
from vrdata.timeseries.table.reading import open_tables
from vrdata_generators.episodes.mapping import FRANKA


def episodes(table: Path) -> list[Episode]:
    tables = open_tables([table])
    return [tables.episode(number) for number in range(len(tables))]


def test_files_become_rows_with_exact_values(tmp_path: Path) -> None:
    for number in range(3):
        write_franka(tmp_path / f"logs/{number}.h5", text=f"Task {number}", seed=number)
    (tmp_path / "logs/notes.txt").write_text("not HDF5")
    made = called("timeseries", "from-hdf5", tmp_path / "logs", "-o", tmp_path / "a.parquet")
    assert (made.code, made.out) == (0, f"wrote 3 episodes to {tmp_path}/a.parquet\n")
    found = episodes(tmp_path / "a.parquet")
    assert [one.text for one in found] == ["Task 0", "Task 1", "Task 2"]
    for number, one in enumerate(found):
        assert one.actions_timestamps.tolist() == action_times(30)
        assert one.observations_timestamps.tolist() == pose_times(15)
        with h5py.File(tmp_path / f"logs/{number}.h5") as file:
            stored = [file[f"{ACTIONS}/{time}"][()] for time in action_times(30)]
        assert one.actions.tolist() == [[value] for value in stored]
        assert one.video is not None
        assert one.video_timestamps is not None
        assert one.video_timestamps.tolist() == frame_times(8)
        assert one.video_start == frame_times(1)[0]
        with av.open(io.BytesIO(one.video.data)) as clip:
            shown = [each.to_ndarray(format="rgb24") for each in clip.decode(video=0)]
        assert len(shown) == 8
        assert np.abs(shown[5].astype(int) - frame(5)).mean() < 3


def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    file = write_franka(tmp_path / "a.h5")
    for name in ("one", "two"):
        assert called("timeseries", "from-hdf5", file, "-o", tmp_path / name).code == 0
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_a_map_with_two_cameras_and_files_beside_the_table(tmp_path: Path) -> None:
    file = write_franka(tmp_path / "a.h5", more={"wrist": np.stack([frame(2)] * 4)})
    layout = FRANKA.model_dump(mode="json")
    layout["cameras"] = {"wrist": {"values": "wrist", "rate": 10}}
    (tmp_path / "map.yaml").write_text(yaml.safe_dump(layout))
    made = called(
        *("timeseries", "from-hdf5", file, "--map", tmp_path / "map.yaml"),
        *("-o", tmp_path / "a.parquet", "--media-files"),
    )
    assert made.code == 0, made.err
    (one,) = episodes(tmp_path / "a.parquet")
    wrist = one.camera("wrist")
    assert wrist.video is not None
    assert wrist.video.path == "a_media/000000.wrist.mp4"
    assert sorted(path.name for path in (tmp_path / "a_media").iterdir()) == [
        "000000.main.mp4",
        "000000.main.png",
        "000000.wrist.mp4",
        "000000.wrist.png",
    ]
    assert wrist.video_timestamps is not None
    assert wrist.video_timestamps.tolist() == [0, 10**8, 2 * 10**8, 3 * 10**8]


@pytest.mark.parametrize("options", [(), ("--media-files",)])
def test_a_bad_file_after_good_ones_leaves_nothing(tmp_path: Path, options: tuple[str]) -> None:
    write_franka(tmp_path / "logs/0.h5")
    write_franka(tmp_path / "logs/1.h5", without=["right/franka"])
    made = called(
        "timeseries", "from-hdf5", tmp_path / "logs", "-o", tmp_path / "a.parquet", *options
    )
    assert made.code == 3
    assert f"{tmp_path}/logs/1.h5: right/franka is missing: right has nothing" in made.err
    assert "--map" in made.err
    assert [path.name for path in tmp_path.iterdir()] == ["logs"]


def test_an_invalid_value_is_named_with_its_file_and_step(tmp_path: Path) -> None:
    file = write_franka(tmp_path / "a.h5")
    with h5py.File(file, "a") as opened:
        opened[f"{ACTIONS}/{BEGIN}"][()] = np.inf
    made = called("timeseries", "from-hdf5", file, "-o", tmp_path / "a.parquet")
    assert made.code == 3
    assert f"{file}: actions: step 0: value 0 is inf" in made.err
    assert not (tmp_path / "a.parquet").exists()


def test_a_float32_time_is_named_as_constant_or_out_of_order(tmp_path: Path) -> None:
    seconds = np.float32(1_742_918_912) + np.arange(5, dtype=np.float32) / 50
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["action"], file["t"] = np.ones((5, 1)), seconds
    series = {"values": "action", "times": "t", "unit": "s"}
    layout = {"text": {"constant": "Go"}, "actions": series, "observations": series}
    (tmp_path / "map.yaml").write_text(yaml.safe_dump(layout))
    made = called(
        *("timeseries", "from-hdf5", tmp_path / "a.h5", "-o", tmp_path / "a.parquet"),
        *("--map", tmp_path / "map.yaml"),
    )
    assert made.code == 3
    assert "a.h5: t: the time 1742918912000000000 ns of step 1 does not come after" in made.err


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["none.h5"], 5, "none.h5 cannot be read"),
        (["empty"], 5, "empty has no HDF5 file"),
        (["a.h5", "--map", "none.yaml"], 5, "none.yaml cannot be read"),
        (["a.h5", "--map", "bad.yaml"], 3, "actions: Field required"),
        (["a.h5", "-o", "empty"], 2, "empty is a folder"),
    ],
)
def test_each_wrong_argument_is_explained(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    code: int,
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    write_franka(Path("a.h5"))
    Path("empty").mkdir()
    Path("bad.yaml").write_text("text: {constant: x}")
    made = called("timeseries", "from-hdf5", "-o", "a.parquet", *arguments)
    assert made.code == code
    assert words in made.err


def test_a_folder_of_media_that_exists_is_not_replaced(tmp_path: Path) -> None:
    file = write_franka(tmp_path / "a.h5")
    (tmp_path / "a_media").mkdir()
    made = called("timeseries", "from-hdf5", file, "-o", tmp_path / "a.parquet", "--media-files")
    assert made.code == 3
    assert "a_media already exists" in made.err
    assert not (tmp_path / "a.parquet").exists()


def test_values_without_a_bound_are_not_read(tmp_path: Path) -> None:
    file, wanted = tmp_path / "a.h5", "of any length, at most one is read"
    write_franka(file)
    with h5py.File(file, "a") as opened:
        del opened["task_description"]
        opened.create_dataset("many", (10**6,), h5py.vlen_dtype(np.uint8))
        opened.create_dataset("steps", (10**9, 1), np.uint8, chunks=(1000, 1))
        opened["task_description/text"] = "Go"
    layout = FRANKA.model_dump(mode="json", exclude={"camera"})
    for part, why in (("many", wanted), ("steps", "1000000000 steps, at most 10000000")):
        layout["actions"] = {"values": part, "rate": 10}
        (tmp_path / "map.yaml").write_text(yaml.safe_dump(layout))
        made = called(
            *("timeseries", "from-hdf5", file, "--map", tmp_path / "map.yaml"),
            *("-o", tmp_path / "t.pq"),
        )
        assert made.code == 3
        assert why in " ".join(made.err.split())


@pytest.mark.parametrize(
    ("limit", "value", "why"),
    [("SECONDS", 0, "took too long"), ("MEMORY", 2**24, "cannot be read")],
)
def test_reading_that_takes_too_long_or_too_much_memory_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: int, why: str
) -> None:
    code = f"""
import signal, time
from vrdata.timeseries.convert import recordings
recordings.{limit} = {value}
if {limit!r} == "SECONDS":
    recordings.SECONDS = 1
    recordings.read_episodes = lambda *_: time.sleep(60)
recordings.main()
"""
    program = tmp_path / "program.py"
    program.write_text(code)
    popen = subprocess.Popen

    def other(command: list[str], **options: Any) -> Any:
        return popen([command[0], str(program)], **options)

    monkeypatch.setattr(subprocess, "Popen", other)
    file = write_franka(tmp_path / "a.h5")
    made = called("timeseries", "from-hdf5", file, "-o", tmp_path / "t.pq")
    assert made.code == 3, made.err
    assert why in " ".join(made.err.split())
    assert not (tmp_path / "t.pq").exists()
