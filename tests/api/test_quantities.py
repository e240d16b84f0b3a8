"""Kubernetes quantities: text to a number."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vrdata.api.quantities import parse_quantity

# Units as the Kubernetes API reference defines them.
UNITS = {
    "": 1,
    "k": 10**3,
    "M": 10**6,
    "G": 10**9,
    "T": 10**12,
    "P": 10**15,
    "Ki": 2**10,
    "Mi": 2**20,
    "Gi": 2**30,
    "Ti": 2**40,
    "Pi": 2**50,
}


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("500m", Decimal("0.5")),
        ("1", 1),
        ("0", 0),
        ("2.5", Decimal("2.5")),
        ("1.5Gi", 1610612736),
        ("4Gi", 4294967296),
        ("4G", 4_000_000_000),
        ("512Mi", 536870912),
        ("100k", 100_000),
        ("1Pi", 1125899906842624),
    ],
)
def test_known_quantities(text: str, number: Decimal | int) -> None:
    assert parse_quantity(text) == number


@pytest.mark.parametrize(
    "text",
    [
        "",
        "m",
        "Gi",
        "-1",
        "+1",
        "1 Gi",
        "1gi",
        "1GB",
        "1K",
        "1e3",
        "1.",
        ".5",
        "1Gi\n",
        "٣",
        "1KiB",
    ],
)
def test_what_is_no_quantity_is_refused_with_examples(text: str) -> None:
    with pytest.raises(ValueError, match="is not a quantity") as caught:
        parse_quantity(text)
    assert "512Mi" in str(caught.value)


@given(number=st.integers(0, 10**12), unit=st.sampled_from(sorted(UNITS)))
def test_a_whole_number_with_a_unit_is_the_product_of_both(number: int, unit: str) -> None:
    assert parse_quantity(f"{number}{unit}") == number * UNITS[unit]


@given(number=st.decimals(0, 10**6, places=3), unit=st.sampled_from(sorted(UNITS)))
def test_fractions_are_exact(number: Decimal, unit: str) -> None:
    assert parse_quantity(f"{number:f}{unit}") == number * UNITS[unit]


@given(number=st.integers(0, 10**9))
def test_a_thousand_millis_are_one(number: int) -> None:
    assert parse_quantity(f"{number * 1000}m") == number
