"""A naive reference for windows: exact fractions, one step after the other."""

from __future__ import annotations

from fractions import Fraction
from math import floor

from vrdata.timeseries.table.episode import Episode

SECOND = 10**9


def period(stamps: list[int]) -> Fraction | None:
    lag = min(16, max(1, len(stamps) // 4))
    spans = sorted(later - earlier for earlier, later in zip(stamps, stamps[lag:], strict=False))
    return Fraction(spans[(len(spans) - 1) // 2], lag) if spans else None


def count(seconds: float, one: Fraction | None) -> int:
    if one is None:
        return 1
    return max(1, floor(Fraction(round(seconds * SECOND)) / one + Fraction(1, 2)))


def nearest(stamps: list[int], time: int, one: Fraction | None) -> int:
    """Of all steps, also those that continue the series on both sides: nearest, then earliest."""
    if one is None:
        return 0
    reach = int(max(abs(time - stamps[0]), abs(time - stamps[-1])) / one) + 2
    times = {index: Fraction(stamp) for index, stamp in enumerate(stamps)}
    last = len(stamps) - 1
    for far in range(1, reach + 1):
        times[-far] = stamps[0] - far * one
        times[last + far] = stamps[-1] + far * one
    return min(times, key=lambda index: (abs(times[index] - time), index))


def window(
    episode: Episode, column: str, seconds: float, time: int
) -> tuple[list[list[float]], list[int], list[bool]]:
    """Values, timestamps and mask of a window that begins at a time."""
    values, array = episode.series(column)
    stamps = array.tolist()
    one = period(stamps)
    first = nearest(stamps, time, one)
    rows, times, mask = [], [], []
    for index in range(first, first + count(seconds, one)):
        there = 0 <= index < len(stamps)
        rows.append(values[index].tolist() if there else [0.0] * values.shape[1])
        times.append(stamps[index] if there else 0)
        mask.append(there)
    return rows, times, mask


def resampled(
    episode: Episode, column: str, seconds: float, rate: int, time: int, how: str
) -> tuple[list[list[float]], list[bool]]:
    """Values and mask at a common rate, which divides 10^9."""
    values, array = episode.series(column)
    stamps = array.tolist()
    half = (period(stamps) or Fraction(0)) / 2
    rows, mask = [], []
    for number in range(
        max(1, floor(Fraction(round(seconds * SECOND) * rate, SECOND) + Fraction(1, 2)))
    ):
        at = time + number * (SECOND // rate)
        mask.append(stamps[0] - half <= at <= stamps[-1] + half)
        rows.append(
            _value(values.tolist(), stamps, at, how) if mask[-1] else [0.0] * values.shape[1]
        )
    return rows, mask


def _value(values: list[list[float]], stamps: list[int], at: int, how: str) -> list[float]:
    if how == "nearest":
        return min(zip(stamps, values, strict=True), key=lambda one: (abs(one[0] - at), one[0]))[1]
    before = max((index for index, stamp in enumerate(stamps) if stamp <= at), default=0)
    if how == "hold" or at <= stamps[0] or before == len(stamps) - 1:
        return values[before]
    share = (at - stamps[before]) / (stamps[before + 1] - stamps[before])
    return [
        one * (1 - share) + other * share
        for one, other in zip(values[before], values[before + 1], strict=True)
    ]
