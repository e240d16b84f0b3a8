"""What is read of an episode. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vrdata_generators.episodes.times import Stamps


class EpisodeError(ValueError):
    """A file that does not have what its map says; the text names file and place."""


@dataclass(frozen=True, eq=False)
class Series:
    """Values [T, D] and their times [T] in nanoseconds."""

    values: NDArray[np.floating[Any]]
    stamps: Stamps


@dataclass(frozen=True, eq=False)
class Clip:
    """What a camera recorded.

    Attributes:
        image: the first frame as PNG; b"" = not wanted.
        video: the frames as H.264 in MP4, from time 0; b"" = not wanted.
        stamps: [F] nanoseconds of the frames.
    """

    image: bytes = field(repr=False)
    video: bytes = field(repr=False)
    stamps: Stamps


@dataclass(frozen=True, eq=False)
class Recording:
    """One episode.

    Attributes:
        text: the task.
        actions: what was done.
        observations: what was measured.
        cameras: clips by name; that of the map's `camera` has the name "".
    """

    text: str
    actions: Series
    observations: Series
    cameras: Mapping[str, Clip]
