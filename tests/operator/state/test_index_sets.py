"""Index sets: text and set are one and the same, in the shortest form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.operator.index_sets import format_index_set
from vrdata_operator.state.index_sets import parse_index_set

INDEXES = st.frozensets(st.integers(0, 60) | st.integers(0, 10**6))


@pytest.mark.parametrize(
    ("text", "indexes"),
    [
        ("", set()),
        ("0", {0}),
        ("1,3-5,7", {1, 3, 4, 5, 7}),
        ("0,1", {0, 1}),
        ("0-2", {0, 1, 2}),
        ("9-11,13,14", {9, 10, 11, 13, 14}),
    ],
)
def test_known_sets_are_read_and_written(text: str, indexes: set[int]) -> None:
    assert parse_index_set(text) == indexes
    assert format_index_set(indexes) == text


@given(indexes=INDEXES)
def test_a_written_index_set_is_read_back(indexes: frozenset[int]) -> None:
    assert parse_index_set(format_index_set(indexes)) == indexes


@given(first=st.integers(0, 10**9), count=st.integers(3, 10_000))
def test_consecutive_indexes_are_one_range(first: int, count: int) -> None:
    assert format_index_set(range(first, first + count)) == f"{first}-{first + count - 1}"


def test_order_and_repetition_do_not_matter() -> None:
    assert format_index_set([5, 3, 4, 3, 9]) == format_index_set({3, 4, 5, 9}) == "3-5,9"


@pytest.mark.parametrize(
    "text", [",", "1,", ",1", "1,,2", "-", "1-", "-1", "a", "1-b", "1 ", "5-3", "1-2-3", "٣", "1.5"]
)
def test_an_invalid_index_set_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not an index|runs backwards"):
        parse_index_set(text)
