"""LeRobot datasets converted as a user does, and the frames of the result."""

from __future__ import annotations

import io

import av
import numpy as np
from numpy.typing import NDArray

from support.cli import Ran, called
from support.timeseries.lerobot import Made
from vrdata.timeseries.table.episode import Episode
from vrdata.timeseries.table.reading import Tables, open_tables

FRONT = "observation.images.front"


def converted(made: Made, *options: object) -> Ran:
    table = made.root.with_suffix(".parquet")
    return called("timeseries", "from-lerobot", made.root, "-o", table, *options)


def tables(made: Made, *options: object) -> Tables:
    done = converted(made, *options)
    assert done.code == 0, done.err
    return open_tables([made.root.with_suffix(".parquet")])


def shown(episode: Episode, camera: str = "") -> list[NDArray[np.int64]]:
    """The frames of a clip."""
    video = episode.camera(camera).video
    assert video is not None
    with av.open(io.BytesIO(video.data)) as clip:
        return [one.to_ndarray(format="rgb24").astype(int) for one in clip.decode(video=0)]
