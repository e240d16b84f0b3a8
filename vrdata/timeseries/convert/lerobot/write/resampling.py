"""One rate for a LeRobot dataset: which step is shown in which frame. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vrdata.errors import InvalidInputError
from vrdata.timeseries.table.episode import Episode, Stamps
from vrdata_generators.episodes.times import regular_ns

TOLERANCE = 100_000
"""Nanoseconds that LeRobot lets a frame differ from its place."""
_FIX = (
    "give the frames per second of the new dataset with --fps: values are held until the next one"
)


@dataclass(frozen=True)
class Grid:
    """The frames of an episode.

    Attributes:
        times: [K] nanoseconds on the clock of the episode.
        actions: [K] the step of the actions that is in force.
        observations: as `actions`.
    """

    times: Stamps
    actions: NDArray[np.int64]
    observations: NDArray[np.int64]


def own_rate(episode: Episode, where: str) -> int:
    """Frames per second of an episode whose actions and observations have the same regular times.

    Raises:
        InvalidInputError: they do not, or the rate is not a whole number.
    """
    stamps = episode.actions_timestamps
    if not np.array_equal(stamps, episode.observations_timestamps):
        raise InvalidInputError(
            f"{where}: actions and observations have different times",
            why="a LeRobot dataset has both in each frame",
            fix=_FIX,
        )
    if len(stamps) < 2:
        raise InvalidInputError(f"{where}: an episode with one step has no rate", fix=_FIX)
    rate = round((len(stamps) - 1) * 1e9 / float(stamps[-1] - stamps[0]))
    if rate < 1 or np.abs(stamps - stamps[0] - regular_ns(len(stamps), rate)).max() > TOLERANCE:
        raise InvalidInputError(
            f"{where}: the times do not have a regular, whole number of steps per second", fix=_FIX
        )
    return rate


def grid_of(episode: Episode, fps: int, where: str) -> Grid:
    """The frames at a rate: from the first time at which both series have a value, to the last.

    Raises:
        InvalidInputError: there is no such time.
    """
    actions, observations = episode.actions_timestamps, episode.observations_timestamps
    begin = max(int(actions[0]), int(observations[0]))
    end = min(int(actions[-1]), int(observations[-1])) + TOLERANCE
    if end < begin:
        raise InvalidInputError(f"{where}: actions and observations have no common time")
    times = begin + regular_ns((end - begin) * fps // 10**9 + 2, fps)
    times = times[times <= end]
    return Grid(times, _held(actions, times), _held(observations, times))


def nearest(stamps: Stamps, times: Stamps) -> NDArray[np.int64]:
    """The frame of a clip that is nearest to each time."""
    middles = (stamps[:-1] + stamps[1:]) // 2
    return np.searchsorted(middles, times, side="left").astype(np.int64)


def _held(stamps: Stamps, times: Stamps) -> NDArray[np.int64]:
    return np.searchsorted(stamps, times + TOLERANCE, side="right").astype(np.int64) - 1
