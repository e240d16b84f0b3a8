"""Episodes of a LeRobot dataset."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from vrdata.errors import InvalidInputError, UsageError
from vrdata.timeseries.convert.lerobot.read.clips import clip_of, clip_of_images
from vrdata.timeseries.convert.lerobot.read.entries import Entry, list_entries, read_tasks
from vrdata.timeseries.convert.lerobot.read.frames import episode_frames, matrix
from vrdata.timeseries.convert.lerobot.read.info import Folder
from vrdata.timeseries.convert.media import Keep
from vrdata.timeseries.table.episode import Camera, Episode, Stamps
from vrdata.timeseries.table.faults import find_faults
from vrdata.timeseries.table.schema import Names
from vrdata_generators.episodes.times import regular_ns, stored_ns

IMAGES = "observation.images."
_STATE = "observation.state"
_NOT_REGULAR = 1_000_000  # ns from the frame's place at the rate of the dataset


@dataclass(frozen=True)
class Choice:
    """Which features become what.

    Attributes:
        actions: features whose values, side by side, are the actions.
        observations: as `actions`.
        cameras: features with frames; the first one becomes the main camera.
    """

    actions: Sequence[str]
    observations: Sequence[str]
    cameras: Sequence[str]

    def names(self, folder: Folder) -> Names:
        """Names of the values of actions and observations, of those that name all parts."""
        found = {}
        for column, parts in (("actions", self.actions), ("observations", self.observations)):
            names = [folder.info.features[part].step_names() for part in parts]
            if all(names):
                found[column] = [name for part in names for name in part]
        return found


def choose(folder: Folder, actions: Sequence[str] = (), observations: Sequence[str] = ()) -> Choice:
    """The named features, or by default `action`, `observation.state` and all cameras.

    Without `observation.state`, the observations are all numbers named `observation.…`.

    Raises:
        UsageError: a named feature is not there, or is not numbers.
        InvalidInputError: the dataset does not have the default ones.
    """
    features = folder.info.features
    vectors = [name for name, feature in features.items() if feature.is_vector]
    for name in (*actions, *observations):
        if name not in vectors:
            raise UsageError(
                f"{folder.root} has no numeric feature {name}", fix=f"use {', '.join(vectors)}"
            )
    seen = [name for name in vectors if name.startswith("observation.")]
    found = observations or ([_STATE] if _STATE in seen else seen)
    done = actions or [name for name in vectors if name == "action"]
    for what, names in (("--action", done), ("--observation", found)):
        if not names:
            raise InvalidInputError(
                f"{folder.root} has no numeric feature for {what}",
                fix=f"name one of {', '.join(vectors)}",
            )
    cameras = [name for name, feature in features.items() if feature.dtype in {"video", "image"}]
    return Choice(done, found, cameras)


def lerobot_episodes(folder: Folder, choice: Choice, keep: Keep) -> Generator[Episode, None, None]:
    """The episodes of a dataset; memory holds one.

    Args:
        folder: the dataset.
        choice: which features become what.
        keep: stores videos.

    Raises:
        NotFoundError: a file is missing; it is named.
        InvalidInputError: a file is damaged; it is named.
    """
    tasks = read_tasks(folder)
    videos = [name for name in choice.cameras if folder.info.features[name].dtype == "video"]
    images = [name for name in choice.cameras if name not in videos]
    columns = [*choice.actions, *choice.observations, *images, "timestamp", "task_index"]
    entries = list_entries(folder, videos)
    frames = episode_frames(entries, [*dict.fromkeys(columns), "episode_index"])
    for row, (entry, table) in enumerate(frames):
        where = f"{entry.data}: episode {entry.index}"
        stamps = _stamps(table, folder.info.fps, where)
        task = matrix(table, "task_index", where)[0, 0]
        if task not in tasks:
            raise InvalidInputError(f"{where}: the task {task} is not in the list of tasks")
        cameras = {
            name.removeprefix(IMAGES): _camera(folder, entry, name, table, stamps, row, keep)
            for name in choice.cameras
        }
        episode = _episode(choice, table, stamps, tasks[int(task)], cameras, where)
        for fault in find_faults(episode):
            raise InvalidInputError(f"{where}: {fault}")
        yield episode


def _episode(  # noqa: PLR0913 - what an episode is made of
    choice: Choice,
    table: pa.Table,
    stamps: Stamps,
    text: str,
    cameras: dict[str, Camera],
    where: str,
) -> Episode:
    first = cameras.pop(next(iter(cameras)), Camera()) if cameras else Camera()
    actions, observations = (
        np.concatenate([_floats(matrix(table, part, where)) for part in parts], axis=1)
        for parts in (choice.actions, choice.observations)
    )
    return Episode(
        text=text,
        actions=actions,
        actions_timestamps=stamps,
        observations=observations,
        observations_timestamps=stamps,
        video=first.video,
        video_start=first.video_start,
        video_timestamps=first.video_timestamps,
        cameras=cameras,
    )


def _floats(values: np.ndarray) -> np.ndarray:
    return values if values.dtype.kind == "f" else values.astype(np.float64)


def _stamps(table: pa.Table, fps: float, where: str) -> Stamps:
    """Times of frames: exactly those of the rate, unless the dataset has others."""
    seconds = matrix(table, "timestamp", where).reshape(-1)
    regular = regular_ns(len(seconds), fps)
    try:
        stored = stored_ns(seconds, "s")
    except ValueError as error:
        raise InvalidInputError(f"{where}: timestamp: {error}") from None
    return regular if (np.abs(stored - regular) < _NOT_REGULAR).all() else stored


def _camera(  # noqa: PLR0913 - where a clip is, and where it goes
    folder: Folder, entry: Entry, name: str, table: pa.Table, stamps: Stamps, row: int, keep: Keep
) -> Camera:
    if name in entry.videos:
        clip = clip_of(entry.videos[name], stamps, folder.info.fps)
    else:
        clip = clip_of_images(table[name].to_pylist(), stamps, f"{entry.data}: {name}")
    file = keep(row, f"{Path(name).name}.mp4", clip)
    return Camera(video=file, video_start=int(stamps[0]), video_timestamps=stamps)
