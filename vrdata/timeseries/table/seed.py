"""The form of the seed: steps are lists [seconds, value, …], media are paths. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vrdata.timeseries.table.episode import Stamps, Steps
from vrdata.timeseries.table.faults import Fault, RowFault
from vrdata.timeseries.table.schema import SERIES, stamps_of

_LARGEST = 2**63 / 1e9


def columns_with_seconds(columns: Sequence[str]) -> frozenset[str]:
    """The series whose steps begin with the time: those without a column of timestamps."""
    return frozenset(
        column for column in SERIES if column in columns and stamps_of(column) not in columns
    )


def split_seconds(steps: Steps, column: str) -> tuple[Steps, Stamps]:
    """The values, and the seconds as the nearest nanoseconds.

    Args:
        steps: [T, 1 + D].
        column: for the error.

    Raises:
        RowFault: a time is no number, or too large for int64.
    """
    seconds = steps[:, 0].astype(np.float64)
    usable = np.abs(seconds) < _LARGEST  # not so for NaN
    if not usable.all():
        step = int(np.argmin(usable))
        raise RowFault(Fault(column, f"{seconds[step]} is not a time in seconds", step))
    return steps[:, 1:], np.rint(seconds * 1e9).astype(np.int64)
