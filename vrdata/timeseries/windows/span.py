"""Cut a window out of a series, with zeros and a mask where there are no steps. Pure."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vrdata.timeseries.table.episode import Stamps, Steps
from vrdata.timeseries.windows.period import Period

Interpolation = Literal["linear", "nearest", "hold"]


class Span(NamedTuple):
    """A window of one series.

    Attributes:
        values: [n, D]; 0 where the mask is False.
        stamps: [n] nanoseconds; 0 where the mask is False.
        mask: [n] which steps were recorded.
    """

    values: Steps
    stamps: Stamps
    mask: NDArray[np.bool_]


def cut(values: Steps, stamps: Stamps, start: int, count: int, dtype: Any) -> Span:
    """So many steps, from `start`, which may be outside of the series.

    Args:
        values: [T, D].
        stamps: [T].
        start: the first step.
        count: n.
        dtype: of the result.
    """
    first, stop = max(0, start), min(len(stamps), start + count)
    if stop - first == count:
        # Copies: a view would keep the whole row group in memory.
        mask = np.empty(count, bool)
        mask.fill(True)  # `np.ones` takes several times longer
        return Span(values[first:stop].astype(dtype), stamps[first:stop].copy(), mask)
    result = np.zeros((count, values.shape[1]), dtype)
    times, mask = np.zeros(count, np.int64), np.zeros(count, bool)
    if first < stop:
        at = slice(first - start, stop - start)
        result[at], times[at], mask[at] = values[first:stop], stamps[first:stop], True
    return Span(result, times, mask)


def resample(  # noqa: PLR0913 - one fact each
    values: Steps,
    stamps: Stamps,
    times: Stamps,
    period: Period | None,
    how: Interpolation,
    dtype: Any,
) -> Span:
    """The values at given times.

    A time at most half a period outside of the recorded span has the value of the first or last
    step; one further outside is padding.

    Args:
        values: [T, D].
        stamps: [T].
        times: [n] increasing.
        period: of the series; None = there is one step.
        how: `linear` between two steps, the `nearest` one (of two, the earlier), or `hold`: the
            latest one.
        dtype: of the result.
    """
    steps, span = (1, 0) if period is None else (period.steps, period.span)
    mask = (2 * steps * (stamps[0] - times) <= span) & (2 * steps * (times - stamps[-1]) <= span)
    inside = np.clip(times, stamps[0], stamps[-1])
    after = np.minimum(np.searchsorted(stamps, inside), len(stamps) - 1)
    before = np.maximum(after - 1, 0)
    right, left = stamps[after] - inside, inside - stamps[before]
    if how == "linear":
        share = np.where(after > before, left / np.maximum(left + right, 1), 0.0)[:, None]
        share[right == 0] = 1.0
        result = values[before] * (1 - share) + values[after] * share
    elif how == "nearest":
        result = values[np.where(right < left, after, before)]
        result[right == 0] = values[after[right == 0]]
    else:
        result = values[np.where(right == 0, after, before)]
    result = result.astype(dtype)
    result[~mask] = 0
    return Span(result, np.where(mask, times, 0), mask)
