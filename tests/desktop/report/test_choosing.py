"""Which sequences the page shows."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vrdata.desktop.report.choosing import spread


@given(st.lists(st.integers(0, 1000), max_size=4), st.integers(1, 50))
def test_as_many_as_allowed_are_spread_over_all_splits(rows: list[int], limit: int) -> None:
    chosen = spread(rows, limit)
    assert sum(map(len, chosen)) <= limit
    for count, numbers in zip(rows, chosen, strict=True):
        assert sorted(set(numbers)) == numbers
        assert all(0 <= number < count for number in numbers)
    if limit >= len(rows):
        assert all(
            bool(numbers) == bool(count) for count, numbers in zip(rows, chosen, strict=True)
        )
    if limit >= sum(rows):
        assert chosen == [list(range(count)) for count in rows]


def test_the_chosen_rows_are_evenly_spaced() -> None:
    assert spread([100, 25], 5) == [[0, 25, 50, 75], [0]]
