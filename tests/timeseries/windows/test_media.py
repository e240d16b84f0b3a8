"""The frames of a window are those nearest to its first action; others are zero and masked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from support.frames.clips import SIZE, sequential, write_clip
from vrdata.frames.source import MediaError
from vrdata.timeseries.table.episode import Camera, Episode, Media
from vrdata.timeseries.table.faults import FaultError
from vrdata.timeseries.table.writing import write_table
from vrdata.timeseries.windows.dataset import WindowDataset, WindowOptions

OFFSETS = WindowOptions(mode="window", video_frame_offsets=(-1, 0, 1))
FRAMES = 20  # at 20 Hz: one second


def episode(**changes: object) -> Episode:
    """150 actions at 100 Hz, from the time 0."""
    stamps = np.arange(150, dtype=np.int64) * 10**7
    row = Episode("task", np.zeros((150, 3)), stamps, np.zeros((150, 7)), stamps)
    return replace(row, **changes)  # type: ignore[arg-type]


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return write_clip(tmp_path / "videos" / "0", FRAMES)


@pytest.fixture(autouse=True)
def folders(tmp_path: Path) -> None:
    for name in ("videos", "imgs"):
        (tmp_path / name).mkdir(exist_ok=True)


def dataset(folder: Path, *rows: Episode, options: WindowOptions = OFFSETS) -> WindowDataset:
    write_table(folder / "t.parquet", rows)
    return WindowDataset(folder / "t.parquet", 0.1, 0.1, options)


@pytest.mark.parametrize("embedded", [False, True])
def test_three_offsets_give_three_frames_around_the_first_action(
    tmp_path: Path, clip: Path, embedded: bool
) -> None:
    truth = sequential(clip)
    media = Media("videos/0.mp4", clip.read_bytes() if embedded else b"")
    if embedded:
        clip.unlink()
    data = dataset(tmp_path, episode(video=media))
    for step, frame in ((0, 0), (2, 0), (3, 1), (50, 10), (96, 19), (97, 19), (98, 20)):
        window = data[step]
        assert window["video"].shape == (3, SIZE, SIZE, 3)
        expected = [frame - 1, frame, frame + 1]
        assert window["video_mask"].tolist() == [0 <= one < FRAMES for one in expected]
        for at, one in enumerate(expected):
            image = truth[one] if 0 <= one < FRAMES else np.zeros_like(truth[0])
            np.testing.assert_array_equal(window["video"][at], image)


def test_a_clip_that_begins_later_or_has_its_own_times_is_aligned(
    tmp_path: Path, clip: Path
) -> None:
    truth = sequential(clip)
    late = episode(video=Media("videos/0.mp4"), video_start=3 * 10**8)
    times = np.arange(FRAMES, dtype=np.int64) * 10**8 + 10**8
    exact = episode(video=Media("videos/0.mp4"), video_timestamps=times)
    data = dataset(tmp_path, late, exact)
    assert data[0]["video_mask"].tolist() == [False] * 3
    assert data[28]["video_mask"].tolist() == [False, True, True]
    np.testing.assert_array_equal(data[50]["video"][1], truth[4])
    np.testing.assert_array_equal(data[150 + 50]["video"][1], truth[4])
    np.testing.assert_array_equal(data[150 + 149]["video"][1], truth[14])


def test_clamped_frames_are_the_nearest_ones_and_stay_masked(tmp_path: Path, clip: Path) -> None:
    data = dataset(
        tmp_path, episode(video=Media("videos/0.mp4")), options=replace(OFFSETS, outside="clamp")
    )
    window = data[0]
    assert window["video_mask"].tolist() == [False, True, True]
    np.testing.assert_array_equal(window["video"][0], window["video"][1])


def test_an_episode_without_media_has_zeros_of_the_size_of_the_others(
    tmp_path: Path, clip: Path
) -> None:
    Image.new("RGB", (9, 5), (1, 2, 3)).save(tmp_path / "imgs/0.png")
    full = episode(video=Media("videos/0.mp4"), image=Media("imgs/0.png"))
    data = dataset(tmp_path, episode(), full)
    window = data[0]
    assert window["video"].shape == (3, SIZE, SIZE, 3)
    assert window["image"].shape == (5, 9, 3)
    assert not window["video"].any()
    assert not window["video_mask"].any()
    assert not window["image_mask"]
    window = data[150]
    assert window["image_mask"]
    assert window["image"][4, 8].tolist() == [1, 2, 3]


def test_frames_and_pictures_are_scaled_to_one_size(tmp_path: Path, clip: Path) -> None:
    Image.new("RGB", (9, 5), (1, 2, 3)).save(tmp_path / "imgs/0.png")
    row = episode(video=Media("videos/0.mp4"), image=Media("imgs/0.png"))
    window = dataset(tmp_path, row, options=replace(OFFSETS, frame_size=(16, 24)))[0]
    assert window["video"].shape == (3, 16, 24, 3)
    assert window["image"].shape == (16, 24, 3)


def test_each_camera_has_its_own_keys(tmp_path: Path, clip: Path) -> None:
    wrist = Camera(video=Media("videos/0.mp4"), video_start=-5 * 10**8)
    data = dataset(tmp_path, episode(cameras={"wrist": wrist}))
    window = data[0]
    assert window["video_mask.wrist"].all()
    np.testing.assert_array_equal(window["video.wrist"][1], sequential(clip)[10])
    assert window["video"].shape == (3, 0, 0, 3)


def test_wrong_media_are_named(tmp_path: Path, clip: Path) -> None:
    (tmp_path / "imgs/0.png").write_bytes(b"no picture")
    times = np.arange(5, dtype=np.int64)
    rows = [
        episode(video=Media("videos/none.mp4")),
        episode(image=Media("imgs/0.png")),
        episode(image=Media("imgs/none.png")),
        episode(video=Media("videos/0.mp4"), video_timestamps=times),
    ]
    data = dataset(tmp_path, *rows, options=replace(OFFSETS, frame_size=(16, 16)))
    for index, said in (
        (0, r"videos/none\.mp4 does not exist"),
        (150, r"imgs/0\.png cannot be decoded"),
        (300, r"imgs/none\.png does not exist"),
    ):
        with pytest.raises(MediaError, match=said):
            data[index]
    with pytest.raises(FaultError, match=r"row 3: video_timestamps: 5 for .*, which has 20 frames"):
        data[450]
