"""Sequences equal slices of the whole list, and no bin is lost."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vrdata.desktop.cores.choices import Tail
from vrdata.desktop.cores.sequences import step_of, windows


def naive(count: int, length: int, step: int, tail: Tail) -> list[tuple[int, ...]]:
    """All starts, as a list."""
    items = tuple(range(count))
    if count < length:
        return [items] if items else []
    starts = range(0, count - length + 1, step)
    made = [items[start : start + length] for start in starts]
    if made[-1][-1] != items[-1]:
        if tail is Tail.ALIGNED:
            made.append(items[-length:])
        elif tail is Tail.SHORT:
            made.append(items[starts[-1] + step :])
    return made


@given(st.integers(0, 200), st.integers(1, 40), st.data(), st.sampled_from(Tail))
def test_windows_equal_slices_of_the_whole_list(
    count: int, length: int, data: st.DataObject, tail: Tail
) -> None:
    step = data.draw(st.integers(1, length))
    assert list(windows(range(count), length, step, tail)) == naive(count, length, step, tail)


@given(st.integers(1, 200), st.integers(1, 40), st.data(), st.sampled_from([*Tail][:2]))
def test_with_a_tail_no_item_is_lost(
    count: int, length: int, data: st.DataObject, tail: Tail
) -> None:
    step = data.draw(st.integers(1, length))
    assert {item for cut in windows(range(count), length, step, tail) for item in cut} == set(
        range(count)
    )


@pytest.mark.parametrize(
    ("tail", "spans"),
    [
        (Tail.ALIGNED, [(0, 31), (16, 47), (22, 53)]),
        (Tail.SHORT, [(0, 31), (16, 47), (32, 53)]),
        (Tail.DROP, [(0, 31), (16, 47)]),
    ],
)
def test_54_bins_in_sequences_of_32_keep_their_tail(
    tail: Tail, spans: list[tuple[int, int]]
) -> None:
    step = step_of(32, Fraction("0.5"))
    assert [(cut[0], cut[-1]) for cut in windows(range(54), 32, step, tail)] == spans


@pytest.mark.parametrize(
    ("length", "overlap", "step"),
    [
        (32, "0", 32),
        (32, "0.5", 16),
        (10, "0.9", 1),
        (100, "0.9", 10),
        (32, "0.7", 9),
        (1, "0.5", 1),
    ],
)
def test_the_step_is_exact(length: int, overlap: str, step: int) -> None:
    assert step_of(length, Fraction(overlap)) == step
