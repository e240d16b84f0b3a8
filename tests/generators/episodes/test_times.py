"""Times become exact nanoseconds."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vrdata_generators.episodes.times import regular_ns, stored_ns, written_ns


@given(st.integers(0, 2**63 - 1))
def test_a_written_integer_keeps_every_digit(value: int) -> None:
    assert written_ns(str(value)) == value
    assert written_ns(f"0{value}") == value


@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [
        ("1742918912.000000123", "s", 1_742_918_912_000_000_123),
        ("1742918912.5", "s", 1_742_918_912_500_000_000),
        ("12", "ms", 12_000_000),
        ("12.000001000", "ms", 12_000_001),
        ("7", "us", 7_000),
    ],
)
def test_written_decimals_are_exact(text: str, unit: str, expected: int) -> None:
    assert written_ns(text, unit) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "unit", "words"),
    [
        ("description", "ns", "'description' is not a time in ns"),
        ("-1", "ns", "not a time"),
        ("1e9", "s", "not a time"),
        ("٣", "ns", "not a time"),
        ("", "ns", "not a time"),
        ("1.5", "ns", "fraction of a nanosecond"),
        ("9223372036854775808", "ns", "more than 63 bits"),
        ("9" * 5000, "ns", "more than 63 bits"),
        ("9223372037", "s", "more than 63 bits"),
    ],
)
def test_what_is_no_time_is_refused(text: str, unit: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        written_ns(text, unit)  # type: ignore[arg-type]


@given(st.lists(st.floats(0, 2e9, allow_nan=False), min_size=1))
def test_seconds_become_the_nearest_nanosecond(seconds: list[float]) -> None:
    found = stored_ns(np.array(seconds), "s")
    assert found.tolist() == [round(Fraction(one) * 10**9) for one in seconds]


def test_integers_are_multiplied_without_a_detour() -> None:
    values = np.array([0, 9_223_372_036_854_775], np.uint64)
    assert stored_ns(values, "us").tolist() == [0, 9_223_372_036_854_775_000]


@pytest.mark.parametrize(
    "values",
    [
        np.array([-1]),
        np.array([2**63], np.uint64),
        np.array([np.nan]),
        np.array([np.inf]),
        np.array([-0.5]),
        np.array([1e10]),
        np.array(["1"]),
        np.array([True]),
    ],
    ids=str,
)
def test_stored_values_that_are_no_times_are_refused(values: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"time"):
        stored_ns(values, "s")


@given(st.integers(1, 5000), st.sampled_from([1.0, 25.0, 29.97, 30.0, 50.0, 90.0, 1000.0]))
def test_regular_times_do_not_drift(count: int, rate: float) -> None:
    found = regular_ns(count, rate)
    period = 10**9 / Fraction(rate).limit_denominator(1_000_000)
    assert len(found) == count
    assert abs(int(found[-1]) - period * (count - 1)) <= Fraction(1, 2)
