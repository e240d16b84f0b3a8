"""Kept results stay within limits, and their keys tell values and types apart."""

from __future__ import annotations

import enum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vrdata_child.patches.text.kept import Kept, NotKeptError, frozen, frozen_names

PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3)
VALUES = st.recursive(PLAIN | st.binary(max_size=3), lambda each: st.lists(each) | st.tuples(each))


def held(kept: Kept, keys: range) -> list[int]:
    return [key for key in keys if kept.get(key) is not None]


def test_no_more_results_are_kept_than_allowed() -> None:
    kept = Kept(entries=10, size=10_000)
    for key in range(100):
        kept.put(key, "result", 1)
    assert held(kept, range(95, 100)) == list(range(95, 100))
    assert len(held(kept, range(100))) <= 10


def test_no_more_bytes_are_kept_than_allowed() -> None:
    kept = Kept(entries=1000, size=100)
    for key in range(100):
        kept.put(key, "result", 10)
    assert held(kept, range(95, 100)) == list(range(95, 100))
    assert len(held(kept, range(100))) <= 10


def test_a_large_result_is_not_kept() -> None:
    kept = Kept(entries=10, size=100)
    kept.put("small", "result", 10)
    kept.put("large", "result", 51)
    assert kept.get("large") is None
    assert kept.get("small") == "result"


def test_a_result_in_use_stays() -> None:
    kept = Kept(entries=10, size=100)
    for key in range(100):
        kept.put("used", "result", 1) if key == 0 else kept.get("used")
        kept.put(key, "result", 1)
    assert kept.get("used") == "result"


@given(VALUES, VALUES)
def test_two_keys_are_equal_only_for_equal_values_and_types(first: Any, second: Any) -> None:
    equal = frozen((first,)) == frozen((second,))
    assert equal == (repr(first) == repr(second) or {repr(first), repr(second)} == {"0.0", "-0.0"})


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ((1,), (1.0,)),
        ((1,), (True,)),
        (("A",), (b"A",)),
        (([0, 0],), ((0, 0),)),
        (([0],), ([0.0],)),
        (("a", None), ("a",)),
    ],
)
def test_equal_values_of_different_types_have_different_keys(first: Any, second: Any) -> None:
    assert frozen(first) != frozen(second)


def test_the_key_of_named_values_has_their_names() -> None:
    assert frozen_names({"a": 1}) != frozen_names({"b": 1})
    assert frozen_names({"a": "b", "c": 1}) != frozen_names({"a": 1})


def test_a_kind_of_text_is_compared_by_its_characters() -> None:
    class Name(enum.StrEnum):
        A = "letter"

    assert frozen((Name.A,)) == frozen((Name("letter"),))
    assert frozen((Name.A,)) != frozen(("other",))


@pytest.mark.parametrize("value", [object(), bytearray(b"A"), {"a": 1}, [object()], len])
def test_what_cannot_be_compared_has_no_key(value: Any) -> None:
    with pytest.raises(NotKeptError):
        frozen((value,))
