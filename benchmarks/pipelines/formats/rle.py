"""Masks as COCO stores them: run lengths down the columns, as a string."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

_BITS = 5  # of one character, below the bit that says that more follow


def run_lengths(mask: np.ndarray) -> list[int]:
    """Lengths of the runs of a bool mask of (height, width), the first one of unset pixels."""
    values = np.concatenate([[False], mask.flatten(order="F")])
    ends = np.flatnonzero(np.diff(values)).tolist()
    edges = [0, *ends, mask.size]
    return [int(stop - start) for start, stop in pairwise(edges)]


def compressed(lengths: list[int]) -> str:
    """The string of run lengths; from the fourth on, differences from the one two before."""
    text = ""
    for at, length in enumerate(lengths):
        text += _number(length - lengths[at - 2] if at > 2 else length)
    return text


def _number(value: int) -> str:
    text = ""
    while True:
        low, value = value & 31, value >> _BITS
        more = value != (-1 if low & 16 else 0)
        text += chr(48 + (low | (32 if more else 0)))
        if not more:
            return text
