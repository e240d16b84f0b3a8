"""Statistics of features, of each episode and of a dataset. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.floating[Any]]
QUANTILES = (0.01, 0.1, 0.5, 0.9, 0.99)
FEWEST, MOST = 100, 10_000
"""Frames of a clip that are counted: all of a short one, frames ** 0.75 of a longer one."""
_LARGE, _THIN = 300, 150  # pixels of the longer side


@dataclass(frozen=True)
class Moments:
    """Of the values of a feature, each an array of the feature's shape; `count` of steps."""

    low: Values
    high: Values
    mean: Values
    square: Values
    quantiles: Values  # the first axis is that of QUANTILES
    count: int

    def plus(self, other: Moments) -> Moments:
        """Of both together; of quantiles, the mean, as LeRobot does."""
        count = self.count + other.count
        share = other.count / count
        return Moments(
            np.minimum(self.low, other.low),
            np.maximum(self.high, other.high),
            self.mean + (other.mean - self.mean) * share,
            self.square + (other.square - self.square) * share,
            self.quantiles + (other.quantiles - self.quantiles) * share,
            count,
        )

    def to_dict(self) -> dict[str, Any]:
        """As LeRobot stores them."""
        spread = np.sqrt(np.maximum(self.square - self.mean**2, 0.0))
        return {
            "min": self.low.tolist(),
            "max": self.high.tolist(),
            "mean": self.mean.tolist(),
            "std": spread.tolist(),
            "count": [self.count],
            **{
                f"q{round(share * 100):02d}": value.tolist()
                for share, value in zip(QUANTILES, self.quantiles, strict=True)
            },
        }


def of_steps(values: NDArray[Any]) -> Moments:
    """Of [T, D] values."""
    exact = values.astype(np.float64)
    return Moments(
        exact.min(axis=0),
        exact.max(axis=0),
        exact.mean(axis=0),
        (exact**2).mean(axis=0),
        np.quantile(exact, QUANTILES, axis=0),
        len(exact),
    )


def counted_frames(frames: int) -> NDArray[np.int64]:
    """The frames of a clip that are counted, evenly spread. Args: frames: at least one."""
    number = max(min(FEWEST, frames), min(int(frames**0.75), MOST))
    return np.rint(np.linspace(0, frames - 1, number)).astype(np.int64)


class Pictures:
    """Counts the values of the pixels of frames; memory does not depend on their number."""

    def __init__(self) -> None:
        self._counts = np.zeros((3, 256), np.int64)
        self._frames = 0

    def add(self, pixels: NDArray[np.uint8]) -> None:
        """One frame [H, W, 3]; of a large one, every n-th pixel in each direction."""
        longer = max(pixels.shape[:2])
        apart = longer // _THIN if longer >= _LARGE else 1
        for channel in range(3):
            thin = pixels[::apart, ::apart, channel].reshape(-1)
            self._counts[channel] += np.bincount(thin, minlength=256)
        self._frames += 1

    def moments(self) -> Moments:
        """Of the channels, from 0 to 1, each as [3, 1, 1]; at least one frame was added."""
        values, counts = np.arange(256) / 255, self._counts
        below, total = counts.cumsum(axis=1), int(counts[0].sum())
        found = [
            (below >= max(1.0, share * total)).argmax(axis=1) / 255
            for share in (0.0, 1.0, *QUANTILES)
        ]
        low, high, *quantiles = (one.reshape(3, 1, 1) for one in found)
        mean, square = (
            (counts @ weights / total).reshape(3, 1, 1) for weights in (values, values**2)
        )
        return Moments(low, high, mean, square, np.stack(quantiles), self._frames)
