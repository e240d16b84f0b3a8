"""Patterns of dataset cards: what they match, and that no card keeps the search busy."""

from __future__ import annotations

import re
from fnmatch import translate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vrdata.errors import InvalidInputError
from vrdata.sources.hub.contents.patterns import matching


@given(st.text("ab*?", max_size=12), st.text("ab", min_size=1, max_size=10))
def test_a_pattern_of_one_name_matches_as_fnmatch_does(pattern: str, name: str) -> None:
    wanted = re.fullmatch(translate(pattern), name) is not None and pattern != ""
    if re.fullmatch(r"\*", pattern):
        wanted = True
    assert bool(matching([name], pattern)) == wanted


@given(st.lists(st.sampled_from("ab/*"), max_size=9), st.text("ab/", min_size=1, max_size=9))
def test_stars_do_not_match_a_slash(pattern: list[str], name: str) -> None:
    text = "".join(pattern)
    if "**" not in text and matching([name], text):
        assert name.count("/") == text.removeprefix("./").count("/")


@pytest.mark.parametrize(
    ("pattern", "name", "found"),
    [
        ("data/train-*", "data/train-00000-of-00002.parquet", True),
        ("data/train-*", "data/more/train-0.parquet", False),
        ("**/train/**", "a/b/train/c/d.parquet", True),
        ("**a*b", "a/ab", True),  # not the first a: no slash is after it
        ("a**b*c", "a/x/bb/bc", True),
        ("*[._-]train[._-]*", "x_train_0.parquet", True),
    ],
)
def test_patterns_of_cards_match_as_load_dataset_matches_them(
    pattern: str, name: str, found: bool
) -> None:
    assert bool(matching([name], pattern)) == found


def test_a_pattern_with_many_stars_takes_no_time() -> None:
    """It would take hours otherwise; the test's own time-out ends it."""
    assert matching(["a" * 200], "*a" * 40 + "*b") == []
    assert matching(["a" * 200], "*a" * 40 + "*") == ["a" * 200]


def test_a_pattern_with_many_folders_of_any_depth_is_refused() -> None:
    with pytest.raises(InvalidInputError, match=r"more than 3 \*\*"):
        matching(["a"], "**/a/" * 5 + "b")
