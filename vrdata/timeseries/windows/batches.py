"""Several windows as one batch of numpy arrays. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vrdata.timeseries.table.schema import SERIES


def collate(windows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Stack windows.

    Args:
        windows: of a `WindowDataset`, at least one.

    Returns:
        `text`: a list of texts; of all other keys, [B, …] arrays. Where windows have fewer steps
        than others, because of a lower rate, values and timestamps are 0, and masks are False.

    Raises:
        ValueError: there is no window, or frames or pictures differ in size; choose a `frame_size`.
    """
    if not windows:
        raise ValueError("a batch has at least one window")
    batch: dict[str, Any] = {}
    for name in windows[0]:
        values = [window[name] for window in windows]
        if name == "text":
            batch[name] = values
        elif name.startswith(SERIES):
            batch[name] = _filled(values)
        elif len({np.shape(value) for value in values}) > 1:
            raise ValueError(f"{name} differs in size between windows: choose a frame_size")
        else:
            batch[name] = np.stack(values)
    return batch


def _filled(values: Sequence[NDArray[Any]]) -> NDArray[Any]:
    steps = [len(value) for value in values]
    if min(steps) == max(steps):
        return np.stack(values)
    result = np.zeros((len(values), max(steps), *values[0].shape[1:]), values[0].dtype)
    for row, value in zip(result, values, strict=True):
        row[: len(value)] = value
    return result
