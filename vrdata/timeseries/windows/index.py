"""Which window an index is: the episode and its first step. Pure."""

from __future__ import annotations

import hashlib
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Mode = Literal["episode", "window"]
"""`episode`: one window of each episode. `window`: one for each start, every `stride` steps."""


class WindowIndex:
    """The windows of all episodes, in their order.

    Args:
        steps: [E] the number of steps of each episode.
        stride: steps between the starts of two windows.
    """

    def __init__(self, steps: NDArray[np.int64], stride: int) -> None:
        self._stride = stride
        windows = -(-steps // stride)
        self._stops: NDArray[np.int64] = np.cumsum(windows)
        self._count = int(windows.sum())

    def __len__(self) -> int:
        """The number of windows."""
        return self._count

    def first(self, episode: int) -> int:
        """The first window of an episode; of the one after the last, the number of windows."""
        return int(self._stops[episode - 1]) if episode else 0

    def locate(self, index: int) -> tuple[int, int]:
        """The episode and the first step of a window, which exists."""
        episode = int(self._stops.searchsorted(index, "right"))
        before = int(self._stops[episode - 1]) if episode else 0
        return episode, (index - before) * self._stride


def random_start(seed: int, epoch: int, episode: int, steps: int) -> int:
    """A first step that depends only on the arguments."""
    digest = hashlib.sha256(f"{seed}/{epoch}/{episode}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % steps
