"""The values of one episode. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Steps = NDArray[np.floating[Any]]
"""[T, D] values, float64 or float32."""
Stamps = NDArray[np.int64]
"""[T] nanoseconds, strictly increasing."""


@dataclass(frozen=True, slots=True)
class Media:
    """An image or a video: a file beside the table, or its bytes in the table.

    Attributes:
        path: relative to the table's folder, with `/`; with `data`, its name only tells the format.
        data: the bytes of the file; b"" = read it from `path`.
    """

    path: str = ""
    data: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class Camera:
    """What one camera recorded.

    Attributes:
        image: picture of the episode's start.
        video: the clip.
        video_start: nanoseconds on the episode's clock at which the clip's presentation time 0
            lies; None = 0.
        video_timestamps: nanoseconds of each frame, in the order of presentation; None = what the
            clip says, after `video_start`.
    """

    image: Media | None = None
    video: Media | None = None
    video_start: int | None = None
    video_timestamps: Stamps | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Episode:
    """One row of a table. All timestamps are on one clock.

    Attributes:
        text: the task.
        actions: [T, A] values.
        actions_timestamps: [T] nanoseconds.
        observations: [S, O] values.
        observations_timestamps: [S] nanoseconds.
        image: see `Camera`, as the three that follow: those of the first camera.
        cameras: the others, by name.
    """

    text: str
    actions: Steps
    actions_timestamps: Stamps
    observations: Steps
    observations_timestamps: Stamps
    image: Media | None = None
    video: Media | None = None
    video_start: int | None = None
    video_timestamps: Stamps | None = None
    cameras: Mapping[str, Camera] = field(default_factory=dict)

    def camera(self, name: str = "") -> Camera:
        """One camera; "" is the first one. Raises KeyError."""
        if not name:
            return Camera(self.image, self.video, self.video_start, self.video_timestamps)
        return self.cameras[name]

    def series(self, column: str) -> tuple[Steps, Stamps]:
        """The values and timestamps of `actions` or `observations`."""
        if column == "actions":
            return self.actions, self.actions_timestamps
        return self.observations, self.observations_timestamps
