"""Small LeRobot datasets of each version, written field by field as its documentation says."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

FPS = 10
CAMERAS = ("observation.images.front", "observation.images.wrist")
X264 = {"crf": "12", "x264-params": "bframes=2:b-adapt=0:scenecut=0:keyint=100"}
TASKS = ("Open the drawer", "Close the drawer")


def picture(episode: int, number: int, camera: int) -> NDArray[np.uint8]:
    """A frame of two colours that tell episode and number."""
    found = np.full((32, 48, 3), (30 + 12 * number, 80 + 60 * camera, 40 * episode), np.uint8)
    found[:16] = (200 - 10 * number, 40 * episode, 90)
    return found


@dataclass(frozen=True)
class Made:
    """What a dataset has.

    Attributes:
        root: its folder.
        lengths: frames of each episode.
        actions: [T, 2] of each episode.
        states: [T, 3] of each episode.
    """

    root: Path
    lengths: tuple[int, ...]
    actions: list[NDArray[np.float32]] = field(default_factory=list)
    states: list[NDArray[np.float32]] = field(default_factory=list)

    def rows(self, episode: int) -> dict[str, Any]:
        """The columns of an episode."""
        length, before = self.lengths[episode], sum(self.lengths[:episode])
        steps = np.arange(length)
        return {
            "action": list(self.actions[episode]),
            "observation.state": list(self.states[episode]),
            "timestamp": (steps / FPS).astype(np.float32),
            "frame_index": steps,
            "episode_index": np.full(length, episode),
            "index": before + steps,
            "task_index": np.full(length, episode % 2),
        }

    def table(self, episodes: Sequence[int]) -> pa.Table:
        columns: dict[str, list[Any]] = {}
        for episode in episodes:
            for name, values in self.rows(episode).items():
                columns.setdefault(name, []).extend(values)
        kinds = {"action": pa.list_(pa.float32(), 2), "observation.state": pa.list_(pa.float32())}
        kinds["timestamp"] = pa.float32()
        return pa.table(
            {name: pa.array(values, kinds.get(name)) for name, values in columns.items()}
        )


def _made(root: Path, lengths: Sequence[int]) -> Made:
    rng = np.random.default_rng(4)
    made = Made(root, tuple(lengths))
    for length in lengths:
        made.actions.append(rng.normal(size=(length, 2)).astype(np.float32))
        made.states.append(rng.normal(size=(length, 3)).astype(np.float32))
    return made


def write_legacy(root: Path, version: str, lengths: Sequence[int] = (7, 5, 6)) -> Made:
    """Version 2.0 or 2.1: a Parquet file and a video for each episode."""
    made = _made(root, lengths)
    data = "data/chunk-{episode_chunk:03d}/episode_{episode_index:06d}.parquet"
    video = "videos/chunk-{episode_chunk:03d}/{video_key}/episode_{episode_index:06d}.mp4"
    _write_info(made, version, data, video, chunks_size=2)
    for episode in range(len(lengths)):
        place = {"episode_chunk": episode // 2, "episode_index": episode}
        _write_parquet(root / data.format(**place), made.table([episode]))
        for number, camera in enumerate(CAMERAS):
            frames = [(episode, frame, number) for frame in range(lengths[episode])]
            write_video(root / video.format(**place, video_key=camera), frames)
    tasks = [{"task_index": number, "task": task} for number, task in enumerate(TASKS)]
    episodes = [
        {"episode_index": number, "tasks": [TASKS[number % 2]], "length": length}
        for number, length in enumerate(lengths)
    ]
    for name, rows in (("tasks", tasks), ("episodes", episodes)):
        lines = "".join(f"{json.dumps(row)}\n" for row in rows)
        (root / f"meta/{name}.jsonl").write_text(lines)
    return made


def write_current(
    root: Path, lengths: Sequence[int] = (7, 5, 6), *, key_frames: bool = True, av1: bool = False
) -> Made:
    """Version 3.0: files of two episodes.

    Args:
        key_frames: whether each episode begins with a key frame.
        av1: encode videos in AV1, which LeRobot uses by default.
    """
    made = _made(root, lengths)
    data = "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"
    video = "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4"
    _write_info(made, "v3.0", data, video, chunks_size=1000)
    rows: list[dict[str, Any]] = []
    for episode, length in enumerate(lengths):
        begin = sum(lengths[:episode])
        before = lengths[episode - 1] if episode % 2 else 0
        row: dict[str, Any] = {"episode_index": episode, "tasks": [TASKS[episode % 2]]}
        row |= {"length": length, "dataset_from_index": begin, "dataset_to_index": begin + length}
        row |= {"data/chunk_index": 0, "data/file_index": episode // 2}
        for camera in CAMERAS:
            row |= {f"videos/{camera}/chunk_index": 0, f"videos/{camera}/file_index": episode // 2}
            row |= {f"videos/{camera}/from_timestamp": before / FPS}
            row |= {f"videos/{camera}/to_timestamp": (before + length) / FPS}
        rows.append(row)
    for file in range((len(lengths) + 1) // 2):
        episodes = [one for one in (2 * file, 2 * file + 1) if one < len(lengths)]
        place = {"chunk_index": 0, "file_index": file}
        _write_parquet(root / data.format(**place), made.table(episodes))
        for number, camera in enumerate(CAMERAS):
            frames = [(one, frame, number) for one in episodes for frame in range(lengths[one])]
            path = root / video.format(**place, video_key=camera)
            write_video(path, frames, key_frames=key_frames, av1=av1)
    _write_parquet(root / "meta/episodes/chunk-000/file-000.parquet", pa.Table.from_pylist(rows))
    tasks = {"task_index": [0, 1], "__index_level_0__": list(TASKS)}
    _write_parquet(root / "meta/tasks.parquet", pa.table(tasks))
    return made


def write_video(
    path: Path,
    frames: Sequence[tuple[int, int, int]],
    *,
    key_frames: bool = True,
    av1: bool = False,
) -> None:
    """A video with B-frames; with `key_frames`, the first frame of an episode is one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with _same_scheduling(), av.open(str(path), "w") as out:
        stream = out.add_stream("libsvtav1" if av1 else "libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = 48, 32, "yuv420p"
        stream.options = {"crf": "20", "preset": "10", "g": "1"} if av1 else X264
        for number, frame in enumerate(frames):
            shown = av.VideoFrame.from_ndarray(picture(*frame), "rgb24")
            shown.pts = number
            if key_frames and frame[1] == 0:
                shown.pict_type = av.video.frame.PictureType.I
            out.mux(stream.encode(shown))
        out.mux(stream.encode(None))


@contextmanager
def _same_scheduling() -> Iterator[None]:
    """Undo what SVT-AV1 does for root: the calling thread becomes a real-time one.

    It and all later children would then keep a processor for themselves.
    """
    policy, parameter = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        os.sched_setscheduler(0, policy, parameter)


def _write_info(made: Made, version: str, data: str, video: str, chunks_size: int) -> None:
    features: dict[str, Any] = {
        "action": {"dtype": "float32", "shape": [2], "names": {"motors": ["left", "right"]}},
        "observation.state": {"dtype": "float32", "shape": [3], "names": ["x", "y", "z"]},
    }
    for camera in CAMERAS:
        names = ["height", "width", "channels"]
        features[camera] = {"dtype": "video", "shape": [32, 48, 3], "names": names}
    for name in ("timestamp", "frame_index", "episode_index", "index", "task_index"):
        kind = "float32" if name == "timestamp" else "int64"
        features[name] = {"dtype": kind, "shape": [1], "names": None}
    info = {
        "codebase_version": version,
        "robot_type": "test",
        "total_episodes": len(made.lengths),
        "total_frames": sum(made.lengths),
        "chunks_size": chunks_size,
        "fps": FPS,
        "data_path": data,
        "video_path": video,
        "features": features,
    }
    (made.root / "meta").mkdir(parents=True)
    (made.root / "meta/info.json").write_text(json.dumps(info))


def _write_parquet(path: Path, table: pa.Table) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path)
