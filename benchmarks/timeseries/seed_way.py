"""The usual way to read windows: whole columns as Python lists, one seek of OpenCV per frame."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow.parquet as pq


class ListDataset:
    """Windows of a table in the form `seed`, with the arithmetic of `WindowDataset`.

    Args:
        path: the table.
        seconds: length of windows of actions and of observations.
        offsets: of the frames.
    """

    def __init__(self, path: Path, seconds: float, offsets: tuple[int, ...]) -> None:
        table = pq.read_table(path)
        self._rows = {name: table.column(name).to_pylist() for name in table.column_names}
        self._folder, self._seconds, self._offsets = path.parent, seconds, offsets

    def window(self, episode: int, step: int) -> dict[str, Any]:
        """The window that begins with a step of an episode."""
        actions = np.array(self._rows["actions"][episode], np.float64)
        observations = np.array(self._rows["observations"][episode], np.float64)
        time = actions[step, 0]
        at = int(np.argmin(np.abs(observations[:, 0] - time)))
        return {
            "text": self._rows["text"][episode],
            "actions": self._cut(actions, step),
            "observations": self._cut(observations, at),
            "video": self._frames(self._rows["video"][episode], time),
        }

    def _cut(self, series: Any, first: int) -> Any:
        rate = np.median(1 / np.diff(series[:, 0]))
        count = max(1, int(self._seconds * rate + 0.5))
        rows = series[first : first + count, 1:].astype(np.float32)
        return np.pad(rows, ((0, count - len(rows)), (0, 0)))

    def _frames(self, name: str | None, time: float) -> Any:
        if not name:
            return None
        video = cv2.VideoCapture(str(self._folder / name))
        first = round(time * video.get(cv2.CAP_PROP_FPS))
        total = int(video.get(cv2.CAP_PROP_FRAME_COUNT))
        size = int(video.get(cv2.CAP_PROP_FRAME_HEIGHT)), int(video.get(cv2.CAP_PROP_FRAME_WIDTH))
        frames = []
        for offset in self._offsets:
            frame = np.zeros((*size, 3), np.uint8)
            if 0 <= first + offset < total:
                video.set(cv2.CAP_PROP_POS_FRAMES, first + offset)
                read, image = video.read()
                frame = cv2.cvtColor(image, cv2.COLOR_BGR2RGB) if read else frame
            frames.append(frame)
        video.release()
        return np.stack(frames)
