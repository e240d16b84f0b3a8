"""The test split depends on names and seed only."""

from __future__ import annotations

from fractions import Fraction
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from vrdata.desktop.cores.splits import test_names as names_of_test

NAMES = st.lists(st.text("abc/", min_size=1, max_size=6), unique=True, max_size=20)


@given(NAMES, st.fractions(0, 1), st.integers(0, 9), st.randoms())
def test_the_choice_does_not_depend_on_the_order(
    names: list[str], share: Fraction, seed: int, draw: Random
) -> None:
    chosen = names_of_test(names, share, seed)
    draw.shuffle(names)
    assert names_of_test(names, share, seed) == chosen


@given(
    NAMES.filter(lambda names: len(names) > 1), st.fractions(Fraction(1, 100), Fraction(99, 100))
)
def test_no_split_of_two_or_more_recordings_is_empty(names: list[str], share: Fraction) -> None:
    assert 0 < len(names_of_test(names, share, 0)) < len(names)


def test_a_single_recording_is_for_training() -> None:
    assert names_of_test(["a"], Fraction("0.2"), 0) == frozenset()


def test_another_seed_gives_another_choice() -> None:
    names = [str(number) for number in range(40)]
    choices = {names_of_test(names, Fraction("0.2"), seed) for seed in range(5)}
    assert len(choices) == 5
    assert {len(chosen) for chosen in choices} == {8}
