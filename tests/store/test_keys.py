"""Keys that a store accepts name one file below its root, whatever they hold."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vrdata.errors import InvalidInputError
from vrdata.store.keys import TEMPORARY, check_key, key_problem

ROOT = Path("/srv/root")
TRICKY = st.lists(
    st.sampled_from(["..", ".", "", "a", "…", "~", TEMPORARY, "\\..", "a\n", "\udc80", "x" * 300])
    | st.text(max_size=5),
    max_size=5,
).map("/".join)


@given(TRICKY)
def test_an_accepted_key_stays_below_the_root(key: str) -> None:
    if key_problem(key):
        with pytest.raises(InvalidInputError):
            check_key(key)
        return
    path = os.path.normpath(ROOT / key)
    assert path == f"{ROOT}/{key}"
    assert TEMPORARY not in Path(key).parts
    assert len(key.encode()) <= 1024


@given(st.lists(st.from_regex(r"[A-Za-z0-9_.-]{1,40}", fullmatch=True), min_size=1, max_size=6))
def test_ordinary_names_are_accepted(parts: list[str]) -> None:
    key = "/".join(part.strip(".") or "x" for part in parts)
    assert check_key(key) == key


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("", "empty"),
        ("/etc/passwd", "empty part"),
        ("a//b", "empty part"),
        ("a/..", "'..'"),
        (f"{TEMPORARY}/x", "unfinished"),
        (f"a/{TEMPORARY}/x", "unfinished"),
        ("a\x7f", "control"),
        ("\udcff", "UTF-8"),
        ("é" * 200, "255"),
        ("a/" * 600 + "a", "1024"),
    ],
)
def test_a_refused_key_says_why(key: str, why: str) -> None:
    with pytest.raises(InvalidInputError, match=why):
        check_key(key)
