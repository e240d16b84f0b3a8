"""Times as whole nanoseconds, without a detour through floating point. Pure."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Unit = Literal["ns", "us", "ms", "s"]
Stamps = NDArray[np.int64]

_DIGITS: dict[Unit, int] = {"ns": 0, "us": 3, "ms": 6, "s": 9}
_NUMBER = re.compile(r"([0-9]+)(?:\.([0-9]+))?")
_MAX = 2**63 - 1
_LONGEST = 40  # characters of a time


def written_ns(text: str, unit: Unit = "ns") -> int:
    """The nanoseconds that a decimal number means.

    Raises:
        ValueError: it is no such number, has more digits than nanoseconds, or is too large.
    """
    found = _NUMBER.fullmatch(text[:_LONGEST])
    if found is None:
        raise ValueError(f"{text[:_LONGEST]!r} is not a time in {unit}")
    digits = _DIGITS[unit]
    whole, part = found[1], (found[2] or "").rstrip("0")
    if len(part) > digits:
        raise ValueError(f"{text!r} has a fraction of a nanosecond")
    value = int(whole + part.ljust(digits, "0"))
    if value > _MAX or len(text) > _LONGEST:
        raise ValueError(f"{text[:_LONGEST]!r} has more than 63 bits in nanoseconds")
    return value


def stored_ns(values: NDArray[Any], unit: Unit = "ns") -> Stamps:
    """The nanoseconds of an array of integers or floats.

    A float is rounded to the nearest nanosecond, its whole part and its fraction apart.

    Raises:
        ValueError: they are neither, or one is negative, not finite or too large.
    """
    factor = 10 ** _DIGITS[unit]
    if values.dtype.kind in "iu":
        if values.size and not 0 <= int(values.min()) <= int(values.max()) <= _MAX // factor:
            raise ValueError("a time is negative, or has more than 63 bits")
        return np.asarray(values.astype(np.int64) * factor)
    if values.dtype.kind != "f":
        raise ValueError(f"values of {values.dtype} are not times")
    exact = values.astype(np.float64)
    if not (np.isfinite(exact).all() and (exact >= 0).all() and (exact < _MAX / factor).all()):
        raise ValueError("a time is negative, too large or not a number")
    units = np.floor(exact)
    parts = np.rint((exact - units) * factor)
    return np.asarray(units.astype(np.int64) * factor + parts.astype(np.int64))


def regular_ns(count: int, rate: float) -> Stamps:
    """The times of steps at a rate in Hz: each the nearest nanosecond, so that none drifts."""
    period = 10**9 / Fraction(rate).limit_denominator(1_000_000)
    return np.array([round(period * number) for number in range(count)], np.int64)
