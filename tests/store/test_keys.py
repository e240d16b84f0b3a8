"""Keys that a store accepts name one file below its root, whatever they hold."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import example, given
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


@given(TRICKY | st.text(alphabet="a./\x00\x1f\x7f\n\x80é", max_size=12))
@example("a" * 255)
@example("a" * 256)
@example("é" * 127 + "a")
@example("é" * 128)
@example("a/" * 511 + "aa")
@example("a/" * 511 + "aaa")
@example(".../...")
@example(f"{TEMPORARY}x/x{TEMPORARY}")
def test_valid_keys_are_those_that_follow_the_rules(key: str) -> None:
    assert (key_problem(key) == "") == _is_good(key)


def _is_good(key: str) -> bool:
    """The rules of `check_key`, one character and one part at a time."""
    if any(0xD800 <= ord(char) <= 0xDFFF or ord(char) in {*range(32), 127} for char in key):
        return False
    return len(key.encode()) <= 1024 and all(
        part not in {"", ".", "..", TEMPORARY} and len(part.encode()) <= 255
        for part in key.split("/")
    )


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
def test_the_error_for_an_invalid_key_says_why(key: str, why: str) -> None:
    with pytest.raises(InvalidInputError, match=why):
        check_key(key)
