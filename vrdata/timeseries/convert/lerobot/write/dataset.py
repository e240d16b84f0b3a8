"""Write the episodes of tables as a LeRobot dataset 3.0."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vrdata.errors import InvalidInputError, OutputConflictError
from vrdata.timeseries.convert.lerobot.write.data import DataFiles
from vrdata.timeseries.convert.lerobot.write.meta import (
    INDICES,
    EpisodeList,
    info_of,
    vector_feature,
    video_feature,
    write_json,
    write_tasks,
)
from vrdata.timeseries.convert.lerobot.write.resampling import Grid, grid_of, own_rate
from vrdata.timeseries.convert.lerobot.write.statistics import Moments, of_steps
from vrdata.timeseries.convert.lerobot.write.videos import CameraFiles
from vrdata.timeseries.table.episode import Episode, Media
from vrdata.timeseries.table.reading import Tables
from vrdata.timeseries.table.schema import Names

ACTION, STATE, IMAGES = "action", "observation.state", "observation.images."


@dataclass(frozen=True)
class Options:
    """How a dataset is written.

    Attributes:
        fps: frames per second; 0 = that of the episodes.
        camera: name of the main camera.
        robot: type of the robot.
        names: of the values of actions and observations.
    """

    fps: int = 0
    camera: str = "main"
    robot: str = ""
    names: Names | None = None


def write_lerobot(folder: Path, tables: Tables, options: Options) -> int:
    """Write a dataset; it appears under its name when it is complete. Memory holds one episode.

    Values become float32. Frames of clips are copied if there is one for each step, and encoded
    again otherwise.

    Args:
        folder: it must not exist, or be empty.
        tables: at least one episode.
        options: see `Options`.

    Returns:
        The number of episodes.

    Raises:
        OutputConflictError: the folder has files.
        InvalidInputError: an episode does not fit; it is named.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise OutputConflictError(f"{folder} already exists", fix="name a new folder")
    if not len(tables):
        raise InvalidInputError("there is no episode to write", fix="a dataset has at least one")
    folder.parent.mkdir(parents=True, exist_ok=True)
    part = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    try:
        writer = _Writer(part, tables, options)
        for number in range(len(tables)):
            writer.append(number)
        writer.close()
        part.replace(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return len(tables)


def _feature_names(main: str, others: Iterable[str]) -> dict[str, str]:
    """The feature of each camera without its prefix. Raises InvalidInputError."""
    names = {"": main} | {name: name for name in others}
    for name in others:
        if name == main:
            raise InvalidInputError(
                f"two cameras have the name {main}",
                fix="give the main camera another one: --camera",
            )
    for name in names.values():
        if not name or "/" in name or "\0" in name:  # it becomes a folder
            raise InvalidInputError(
                f"{name!r} cannot be the name of a camera of a LeRobot dataset",
                why="it must not be empty, or have a slash",
                fix="rename the column of the table",
            )
    return names


class _Writer:
    """The files of a dataset."""

    def __init__(self, folder: Path, tables: Tables, options: Options) -> None:
        first = tables.episode(0, media=False)
        self._folder, self._tables, self._options = folder, tables, options
        self._fps = options.fps or own_rate(first, _where(tables, 0))
        names = _feature_names(options.camera, first.cameras)
        self._cameras = {
            name: CameraFiles(folder / "videos" / f"{IMAGES}{feature}", self._fps)
            for name, feature in names.items()
            if first.camera(name).video is not None
        }
        self._keys = {name: f"{IMAGES}{names[name]}" for name in self._cameras}
        self._data = DataFiles(folder / "data")
        self._list = EpisodeList(folder / "meta")
        self._tasks: dict[str, int] = {}
        self._moments: dict[str, Moments] = {}
        self._frames = 0

    def append(self, number: int) -> None:
        """Write an episode."""
        episode, where = self._tables.episode(number), _where(self._tables, number)
        if not self._options.fps and own_rate(episode, where) != self._fps:
            raise InvalidInputError(
                f"{where}: it does not have {self._fps} steps per second, as episode 0",
                fix="give the frames per second of the new dataset with --fps",
            )
        grid = grid_of(episode, self._fps, where)
        task = self._tasks.setdefault(episode.text, len(self._tasks))
        columns = self._columns(episode, grid, number, task)
        chunk, file = self._data.append(columns)
        row: dict[str, Any] = {
            "episode_index": number,
            "tasks": [episode.text],
            "length": len(grid.times),
            "data/chunk_index": chunk,
            "data/file_index": file,
            "dataset_from_index": self._frames,
            "dataset_to_index": self._frames + len(grid.times),
        }
        moments = {
            name: of_steps(values if values.ndim > 1 else values[:, None])
            for name, values in columns.items()
        }
        for name, key in self._keys.items():
            place, picture = self._video(episode, name, grid, number, where)
            row |= {f"videos/{key}/{field}": value for field, value in place.items()}
            moments[key] = picture
        for key, found in moments.items():
            for field, value in found.to_dict().items():
                row[f"stats/{key}/{field}"] = value
            self._moments[key] = self._moments[key].plus(found) if key in self._moments else found
        self._list.append(row)
        self._frames += len(grid.times)

    def close(self) -> None:
        """Finish all files."""
        self._data.close()
        self._list.close()
        for files in self._cameras.values():
            files.close()
        meta = self._folder / "meta"
        write_tasks(meta, list(self._tasks))
        write_json(meta / "stats.json", {key: one.to_dict() for key, one in self._moments.items()})
        info = info_of(
            episodes=len(self._tables),
            frames=self._frames,
            tasks=len(self._tasks),
            fps=self._fps,
            robot=self._options.robot,
            features=self._features(),
            has_videos=bool(self._cameras),
        )
        write_json(meta / "info.json", info)

    def _columns(
        self, episode: Episode, grid: Grid, number: int, task: int
    ) -> dict[str, NDArray[Any]]:
        frames = np.arange(len(grid.times), dtype=np.int64)
        return {
            ACTION: _single(episode.actions[grid.actions]),
            STATE: _single(episode.observations[grid.observations]),
            "timestamp": (frames / self._fps).astype(np.float32),
            "frame_index": frames,
            "episode_index": np.full_like(frames, number),
            "index": self._frames + frames,
            "task_index": np.full_like(frames, task),
        }

    def _video(
        self, episode: Episode, name: str, grid: Grid, number: int, where: str
    ) -> tuple[dict[str, Any], Moments]:
        camera = episode.camera(name)
        if camera.video is None:
            raise InvalidInputError(f"{where}: it has no video, and episode 0 has one")
        files = self._cameras[name]
        size = files.size
        source = self._body(camera.video, number)
        written = files.append(camera, source, grid.times, where)
        if size not in {(0, 0), files.size}:
            raise InvalidInputError(f"{where}: the frames have another size than in episode 0")
        place = {
            "chunk_index": written.chunk,
            "file_index": written.file,
            "from_timestamp": written.begin / self._fps,
            "to_timestamp": (written.begin + written.frames) / self._fps,
        }
        return place, written.moments

    def _body(self, video: Media, number: int) -> bytes:
        if video.data:
            return video.data
        with self._tables.place(number).beside(video.path).open() as file:
            return file.read()

    def _features(self) -> dict[str, Any]:
        names = self._options.names or {}
        dimensions = self._tables.dimensions
        found = {
            ACTION: vector_feature(dimensions["actions"], names.get("actions", ()), self._fps),
            STATE: vector_feature(
                dimensions["observations"], names.get("observations", ()), self._fps
            ),
        }
        for name, key in self._keys.items():
            files = self._cameras[name]
            found[key] = video_feature(files.size, files.codec, self._fps)
        for name, kind in INDICES.items():
            found[name] = {"dtype": kind, "shape": [1], "names": None, "fps": self._fps}
        return found


def _single(values: NDArray[Any]) -> NDArray[np.float32]:
    """float32; a single value of a step is no list in LeRobot's files."""
    single = values.astype(np.float32)
    return single[:, 0] if single.shape[1] == 1 else single


def _where(tables: Tables, number: int) -> str:
    file, row = tables.locate(number)
    return f"{tables.places[file]}: row {row}"
