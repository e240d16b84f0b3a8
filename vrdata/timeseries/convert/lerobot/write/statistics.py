"""Statistics of features, of each episode and of a dataset. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Moments:
    """Of the values of a feature, each an array of the feature's shape; `count` of steps."""

    low: Values
    high: Values
    mean: Values
    square: Values
    count: int

    def plus(self, other: Moments) -> Moments:
        """Of both together."""
        count = self.count + other.count
        share = other.count / count
        return Moments(
            np.minimum(self.low, other.low),
            np.maximum(self.high, other.high),
            self.mean + (other.mean - self.mean) * share,
            self.square + (other.square - self.square) * share,
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
        }


def of_steps(values: NDArray[Any]) -> Moments:
    """Of [T, D] values."""
    exact = values.astype(np.float64)
    return Moments(
        exact.min(axis=0),
        exact.max(axis=0),
        exact.mean(axis=0),
        (exact**2).mean(axis=0),
        len(exact),
    )


def of_picture(pixels: NDArray[np.uint8]) -> Moments:
    """Of the channels of one frame [H, W, 3], from 0 to 1, each as [3, 1, 1]."""
    exact = pixels.reshape(-1, 3).astype(np.float64) / 255
    low, high, mean, square = (
        one.reshape(3, 1, 1)
        for one in (exact.min(0), exact.max(0), exact.mean(0), (exact**2).mean(0))
    )
    return Moments(low, high, mean, square, 1)
