"""Read the episodes of an HDF5 file, one at a time."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vrdata_generators.episodes.clips import record_clip
from vrdata_generators.episodes.hdf5 import MAX_BYTES, Place, open_hdf5, reading
from vrdata_generators.episodes.mapping import CameraPlace, EpisodeMap, SeriesPlace, StepsPlace
from vrdata_generators.episodes.recording import Clip, EpisodeError, Recording, Series
from vrdata_generators.episodes.texts import read_text
from vrdata_generators.episodes.times import Stamps, regular_ns, stored_ns, written_ns
from vrdata_generators.images import as_rgb

MAX_STEPS = 10**7
"""Of an episode: a file can declare any number."""


def read_episodes(path: Path, layout: EpisodeMap, name: str = "") -> Iterator[Recording]:
    """The episodes of a file. Memory holds one of them, and one frame that is not encoded.

    Args:
        path: the file.
        layout: where it has what.
        name: of the file, for errors; default: that of the path.

    Raises:
        EpisodeError: the file is damaged, or something that the map names is missing or unusable.
        FileNotFoundError, PermissionError: it cannot be opened.
    """
    with open_hdf5(path, name or path.name) as root:
        for group in _episodes(root, layout.episodes):
            yield _recording(group, layout)


def _episodes(root: Place, pattern: str) -> Iterator[Place]:
    """The groups of episodes, in the order of the numbers in their names."""
    above, _, last = pattern.rpartition("/")
    if "*" not in last:
        yield root.find(pattern)
        return
    group = root.find(above)
    names = [one for one in group.names() if fnmatch.fnmatchcase(one, last)]
    if not names:
        raise EpisodeError(f"{root.name}: no group matches {pattern}")
    for one in sorted(names, key=_natural):
        yield group.find(one)


def _natural(name: str) -> list[tuple[int, int, str]]:
    parts = re.split(r"([0-9]+)", name)
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts if part]


def _recording(group: Place, layout: EpisodeMap) -> Recording:
    cameras = {"": layout.camera} if layout.camera else {}
    return Recording(
        text=read_text(group, layout.text),
        actions=_series(group, layout.actions, layout.dtype),
        observations=_series(group, layout.observations, layout.dtype),
        cameras={name: _clip(group, place) for name, place in (cameras | layout.cameras).items()},
    )


@dataclass(frozen=True)
class _Steps:
    """The steps of a series: their times, and how to read one."""

    stamps: Stamps
    place: Place
    keys: Sequence[str] = ()

    def name(self, step: int) -> str:
        return f"{self.place}/{self.keys[step]}" if self.keys else f"{self.place} step {step}"

    def read(self, step: int) -> NDArray[Any]:
        return self.place.find(self.keys[step]).read() if self.keys else self.place.read(step)

    def whole(self) -> NDArray[Any]:
        """[T, D] values.

        Raises:
            EpisodeError: the steps differ in the number of their values.
        """
        if not self.keys:
            values = self.place.read()
            if not values.size:
                raise EpisodeError(f"{self.place} has no values")
            return values.reshape(len(values), -1)
        rows: list[NDArray[Any]] = []
        size = 0
        for step in range(len(self.keys)):
            row = self.read(step).reshape(-1)
            if rows and row.size != rows[0].size:
                what = f"{row.size} values, the first step has {rows[0].size}"
                raise EpisodeError(f"{self.name(step)}: dimension mismatch: {what}")
            size += row.nbytes
            if size > MAX_BYTES:
                raise EpisodeError(f"{self.place} has more than {MAX_BYTES} bytes of values")
            rows.append(row)
        return np.stack(rows)


def _steps(group: Place, series: SeriesPlace) -> _Steps:
    place = group.find(series.place)
    if series.keys:
        keys, stamps = _keys(place, series)
        return _Steps(stamps, place, keys)
    shape = place.shape()
    if not shape or not shape[0]:
        raise EpisodeError(f"{place} has no steps")
    if shape[0] > MAX_STEPS:
        raise EpisodeError(f"{place} has {shape[0]} steps, at most {MAX_STEPS} are read")
    if series.rate:
        return _Steps(regular_ns(shape[0], series.rate), place)
    times = group.find(series.times)
    with reading(str(times)):
        stamps = stored_ns(times.read().reshape(-1), series.unit)
    if len(stamps) != shape[0]:
        lengths = f"lengths {len(stamps)} and {shape[0]}"
        raise EpisodeError(f"{times} and {place.path} have the different {lengths}")
    _require_order(stamps, str(times))
    return _Steps(stamps, place)


def _keys(place: Place, series: SeriesPlace) -> tuple[list[str], Stamps]:
    """The keys of a group in the order of their numbers, and these as nanoseconds."""
    if not place.is_group:
        raise EpisodeError(f"{place} is a dataset, not a group of steps: name it with `values`")
    try:
        timed = sorted((written_ns(key, series.unit), key) for key in place.names())
    except ValueError as error:
        raise EpisodeError(f"{place}: {error}") from None
    if not timed:
        raise EpisodeError(f"{place} has no steps")
    stamps = np.array([stamp for stamp, _ in timed], np.int64)
    _require_order(stamps, str(place))
    return [key for _, key in timed], stamps


def _require_order(stamps: Stamps, where: str) -> None:
    later = np.diff(stamps) > 0
    if not later.all():
        step = int(np.argmin(later)) + 1
        raise EpisodeError(
            f"{where}: the time {stamps[step]} ns of step {step} does not come after "
            f"{stamps[step - 1]} ns"
        )


def _series(group: Place, parts: Sequence[StepsPlace], dtype: str) -> Series:
    """The values of several parts side by side; they have the same times."""
    found = [_steps(group, part) for part in parts]
    first = found[0]
    for other in found[1:]:
        if not np.array_equal(first.stamps, other.stamps):
            raise EpisodeError(f"{other.place} has other times than {first.place.path}")
    values = []
    for steps, part in zip(found, parts, strict=True):
        raw = steps.whole()
        if raw.dtype.kind not in "fiub":
            raise EpisodeError(f"{steps.place}: values of {raw.dtype} are not numbers")
        if part.names and len(part.names) != raw.shape[1]:
            what = f"{raw.shape[1]} values a step, the map names {len(part.names)}"
            raise EpisodeError(f"{steps.place}: {what}")
        values.append(raw.astype(dtype))
    return Series(np.concatenate(values, axis=1), first.stamps)


def _clip(group: Place, camera: CameraPlace) -> Clip:
    steps = _steps(group, camera)
    return record_clip(_frames(steps, camera), steps.stamps, image=camera.image, video=camera.video)


def _frames(steps: _Steps, camera: CameraPlace) -> Iterator[tuple[str, Image.Image]]:
    for step in range(len(steps.stamps)):
        value = steps.read(step)
        name = steps.name(step)
        if value.dtype == np.uint8 and value.ndim == 1:
            picture: Any = value.tobytes()  # an encoded image
        else:
            bgr = camera.order == "bgr" and value.ndim == 3
            picture = value[:, :, ::-1] if bgr else value
        try:
            yield name, as_rgb(picture)
        except ValueError as error:
            raise EpisodeError(f"{name}: {error}") from None
