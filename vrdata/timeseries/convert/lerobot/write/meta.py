"""`meta/` of a LeRobot dataset 3.0: facts, tasks, episodes, statistics."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from vrdata.timeseries.convert.lerobot.write.places import CHUNK, NAME

DATA_PATH = f"data/{NAME}.parquet"
VIDEO_PATH = f"videos/{{video_key}}/{NAME}.mp4"
_EPISODES = 1000  # of a row group

# The columns that each dataset has beside those of the robot.
INDICES: dict[str, str] = {
    "timestamp": "float32",
    "frame_index": "int64",
    "episode_index": "int64",
    "index": "int64",
    "task_index": "int64",
}


class EpisodeList:
    """Writes `meta/episodes/`, some rows at a time.

    Args:
        folder: `meta/` of the dataset.
    """

    def __init__(self, folder: Path) -> None:
        name = NAME.format(chunk_index=0, file_index=0)
        self._path = folder / "episodes" / f"{name}.parquet"
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._rows: list[dict[str, Any]] = []
        self._writer: pq.ParquetWriter | None = None

    def append(self, row: dict[str, Any]) -> None:
        """Add an episode."""
        self._rows.append(row | {"meta/episodes/chunk_index": 0, "meta/episodes/file_index": 0})
        if len(self._rows) == _EPISODES:
            self._flush()

    def close(self) -> None:
        """Finish the file."""
        self._flush()
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _flush(self) -> None:
        if not self._rows:
            return
        schema = None if self._writer is None else self._writer.schema
        table = pa.Table.from_pylist(self._rows, schema)
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._path, table.schema)
        self._writer.write_table(table)
        self._rows = []


def write_tasks(folder: Path, tasks: Sequence[str]) -> None:
    """Write `tasks.parquet`: the texts are the index of a pandas frame."""
    table = pa.table(
        {
            "task_index": pa.array(range(len(tasks)), pa.int64()),
            "task": pa.array(tasks, pa.string()),
        }
    )
    columns = [
        {"name": name, "field_name": name, "pandas_type": kind, "numpy_type": numpy}
        | {"metadata": None}
        for name, kind, numpy in (("task_index", "int64", "int64"), ("task", "unicode", "object"))
    ]
    about = {"index_columns": ["task"], "column_indexes": [], "columns": columns}
    about |= {"creator": {"library": "pyarrow", "version": pa.__version__}, "pandas_version": "2"}
    metadata = {b"pandas": json.dumps(about).encode()}
    table = table.replace_schema_metadata(metadata)
    with pq.ParquetWriter(folder / "tasks.parquet", table.schema) as writer:
        writer.write_table(table)


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Write a JSON file."""
    path.write_text(json.dumps(value, indent=4, ensure_ascii=False), encoding="utf-8")


def info_of(  # noqa: PLR0913 - the facts of a dataset
    *,
    episodes: int,
    frames: int,
    tasks: int,
    fps: int,
    robot: str,
    features: dict[str, Any],
    has_videos: bool,
) -> dict[str, Any]:
    """The content of `info.json`."""
    return {
        "codebase_version": "v3.0",
        "robot_type": robot or None,
        "total_episodes": episodes,
        "total_frames": frames,
        "total_tasks": tasks,
        "chunks_size": CHUNK,
        "data_files_size_in_mb": 100,
        "video_files_size_in_mb": 200,
        "fps": fps,
        "splits": {"train": f"0:{episodes}"},
        "data_path": DATA_PATH,
        "video_path": VIDEO_PATH if has_videos else None,
        "features": features,
    }


def vector_feature(dimensions: int, names: Sequence[str], fps: int) -> dict[str, Any]:
    """The feature of float32 values."""
    return {
        "dtype": "float32",
        "shape": [dimensions],
        "names": list(names) or None,
        "fps": fps,
    }


def video_feature(size: tuple[int, int], codec: str, fps: int) -> dict[str, Any]:
    """The feature of a camera; `size` is width and height."""
    width, height = size
    return {
        "dtype": "video",
        "shape": [height, width, 3],
        "names": ["height", "width", "channels"],
        "info": {
            "video.height": height,
            "video.width": width,
            "video.codec": codec,
            "video.pix_fmt": "yuv420p",
            "video.is_depth_map": False,
            "video.fps": fps,
            "video.channels": 3,
            "has_audio": False,
        },
    }
