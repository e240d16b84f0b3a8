"""The period of a series, and the step that is nearest to a time: integers only. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vrdata.timeseries.table.episode import Stamps

LAG = 16
"""Steps between two compared timestamps, at most: so much smaller is the error by jitter."""
SECOND = 10**9


@dataclass(frozen=True, slots=True)
class Period:
    """The time between two steps: `span / steps` nanoseconds.

    Attributes:
        span: nanoseconds.
        steps: in this time.
    """

    span: int
    steps: int

    @property
    def rate(self) -> float:
        """Steps a second."""
        return self.steps * SECOND / self.span

    def count(self, length: int) -> int:
        """Steps of a window of so many nanoseconds: max(1, floor(length * rate + 0.5))."""
        return max(1, (2 * length * self.steps + self.span) // (2 * self.span))


def period_of(stamps: Stamps) -> Period | None:
    """The median of the differences of timestamps some steps apart; None = there is one step.

    Jitter of single timestamps and missing steps hardly change it. Of two middle values, the
    smaller one counts.

    Args:
        stamps: strictly increasing.
    """
    lag = min(LAG, max(1, len(stamps) // 4))
    if len(stamps) <= lag:
        return None
    spans = stamps[lag:] - stamps[:-lag]
    middle = (len(spans) - 1) // 2
    return Period(int(np.partition(spans, middle)[middle]), lag)


def nearest_step(stamps: Stamps, time: int, period: Period | None) -> int:
    """The step that is nearest to a time; of two, the earlier one.

    Outside of the recorded time, steps continue with the period: the result can be negative, or
    greater than the last step.

    Args:
        stamps: strictly increasing, at least one.
        time: nanoseconds.
        period: None = there is one step, which is always the nearest one.
    """
    if period is None:
        return 0
    last = len(stamps) - 1
    if time < stamps[0]:
        distance = (int(stamps[0]) - time) * period.steps
        return -((2 * distance + period.span) // (2 * period.span))
    if time > stamps[-1]:
        distance = (time - int(stamps[-1])) * period.steps
        return last - (period.span - 2 * distance) // (2 * period.span)
    after = int(stamps.searchsorted(time))
    if after == 0:
        return 0
    return after if stamps[after] - time < time - stamps[after - 1] else after - 1
