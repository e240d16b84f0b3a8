"""The episodes that a LeRobot dataset lists: length, tasks, and where their data and videos are."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from vrdata.errors import InvalidInputError, NotFoundError
from vrdata.parquet import open_parquet, read_batches
from vrdata.timeseries.convert.lerobot.read.info import Folder

_EPISODES_V2, _TASKS_V2 = "meta/episodes.jsonl", "meta/tasks.jsonl"
_EPISODES_V3, _TASKS_V3 = "meta/episodes", "meta/tasks.parquet"
_ROWS = 1024  # of a list of episodes at a time
_LINE = 2**24  # bytes
_LARGEST = 2**63
_EXPECTED = {str: "a text", int: "a whole number, not negative", float: "seconds"}
UNREADABLE = (pa.ArrowException, KeyError, OverflowError, OSError, TypeError, ValueError)
"""What pyarrow, and code for its values, raise for damaged files."""


@dataclass(frozen=True)
class Segment:
    """The part of a video file that belongs to an episode.

    Attributes:
        file: the video.
        begin: seconds at which it begins; None = the whole file belongs to the episode.
    """

    file: Path
    begin: float | None = None


@dataclass(frozen=True)
class Entry:
    """An episode of the list.

    Attributes:
        index: its number.
        length: frames.
        data: the Parquet file that has its frames.
        videos: by the feature of the camera.
    """

    index: int
    length: int
    data: Path
    videos: Mapping[str, Segment] = field(default_factory=dict)


def list_entries(folder: Folder, cameras: list[str]) -> Iterator[Entry]:
    """The episodes in their order; memory does not grow with their number.

    Args:
        folder: the dataset.
        cameras: features whose videos are needed.

    Raises:
        NotFoundError: a file is missing; it is named.
        InvalidInputError: a list is damaged.
    """
    return _current(folder, cameras) if folder.is_current else _legacy(folder, cameras)


def read_tasks(folder: Folder) -> dict[int, str]:
    """The texts of tasks by their numbers. Raises as `list_entries`."""
    if not folder.is_current:
        path = folder.file(_TASKS_V2)
        return {_get(path, row, "task_index", int): _get(path, row, "task", str)
                for row in _json_lines(path)}  # fmt: skip
    path = folder.file(_TASKS_V3)
    with _reading(path), path.open("rb") as file:
        parquet = open_parquet(file)
        columns = parquet.schema_arrow.names
        texts = [name for name in columns if name != "task_index"]
        if "task_index" not in columns or len(texts) != 1:
            raise InvalidInputError(f"{path} has the columns {', '.join(columns)}")
        return {
            _get(path, row, "task_index", int): _get(path, row, texts[0], str)
            for batch in read_batches(parquet, _ROWS, columns)
            for row in batch.to_pylist()
        }


def _legacy(folder: Folder, cameras: list[str]) -> Iterator[Entry]:
    path = folder.file(_EPISODES_V2)
    for row in _json_lines(path):
        index = _get(path, row, "episode_index", int)
        values: dict[str, int | str] = {
            "episode_index": index,
            "episode_chunk": index // folder.info.chunks_size,
            "total_episodes": folder.info.total_episodes,
        }
        videos = {
            camera: Segment(folder.placed(_video_path(folder), values | {"video_key": camera}))
            for camera in cameras
        }
        data = folder.placed(folder.info.data_path, values)
        yield Entry(index, _get(path, row, "length", int), data, videos)


def _current(folder: Folder, cameras: list[str]) -> Iterator[Entry]:
    files = sorted((folder.root / _EPISODES_V3).glob("*/*.parquet"))
    if not files:
        raise NotFoundError(f"{folder.root} lacks {_EPISODES_V3}/chunk-000/file-000.parquet")
    wanted = ["episode_index", "length", "data/chunk_index", "data/file_index"]
    for camera in cameras:
        wanted += [f"videos/{camera}/{name}" for name in ("chunk_index", "file_index")]
        wanted.append(f"videos/{camera}/from_timestamp")
    for path in files:
        with _reading(path), path.open("rb") as file:
            parquet = open_parquet(file)
            for name in wanted:
                if name not in parquet.schema_arrow.names:
                    raise InvalidInputError(f"{path} has no column {name}")
            for batch in read_batches(parquet, _ROWS, wanted):
                for row in batch.to_pylist():
                    yield _entry(folder, path, row, cameras)


def _entry(folder: Folder, path: Path, row: dict[str, Any], cameras: list[str]) -> Entry:
    def place(prefix: str) -> dict[str, int | str]:
        return {
            name: _get(path, row, f"{prefix}/{name}", int) for name in ("chunk_index", "file_index")
        }

    videos = {}
    for camera in cameras:
        values = place(f"videos/{camera}") | {"video_key": camera}
        begin = _get(path, row, f"videos/{camera}/from_timestamp", float)
        videos[camera] = Segment(folder.placed(_video_path(folder), values), begin)
    data = folder.placed(folder.info.data_path, place("data"))
    index, length = (_get(path, row, name, int) for name in ("episode_index", "length"))
    return Entry(index, length, data, videos)


def _video_path(folder: Folder) -> str:
    if not folder.info.video_path:
        raise InvalidInputError(f"meta/info.json of {folder.root} has videos, and no video_path")
    return folder.info.video_path


def _json_lines(path: Path) -> Iterator[Any]:
    with path.open("rb") as lines:
        for number, line in enumerate(iter(lambda: lines.readline(_LINE), b""), 1):
            if line.strip():
                try:
                    yield json.loads(line)
                except (ValueError, RecursionError) as error:
                    raise InvalidInputError(f"{path}: line {number}: {error}") from None


def _get(path: Path, row: Any, name: str, kind: type[Any]) -> Any:
    value: Any = row.get(name) if isinstance(row, dict) else None
    number = kind is not str and isinstance(value, (kind, int)) and not isinstance(value, bool)
    if not (0 <= value < _LARGEST if number else kind is str and isinstance(value, str)):
        shown = repr(value)[:100]
        raise InvalidInputError(f"{path}: {name} is {shown}, expected {_EXPECTED[kind]}")
    return value


class _reading:  # noqa: N801 - a context manager
    """Name the file of what pyarrow raises for damaged data."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, UNREADABLE) and not isinstance(error, InvalidInputError):
            why = " ".join(str(error).split())[:300]
            raise InvalidInputError(f"{self._path} is damaged", why=why) from None
