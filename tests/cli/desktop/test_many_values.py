"""Options with many values accept both spellings."""

from __future__ import annotations

import pytest

from vrdata.cli.desktop.common import repeated


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("--rate a=1 b=2", "--rate a=1 --rate b=2"),
        ("-r a=1 b=2 c=3 -o x", "-r a=1 -r b=2 -r c=3 -o x"),
        ("--rate a=1 --rate b=2", "--rate a=1 --rate b=2"),
        ("--rate a=1 stray", "--rate a=1 stray"),
        ("--out a=1 b=2", "--out a=1 b=2"),
        ("--rate=a=1 b=2", "--rate=a=1 --rate b=2"),
        ("", ""),
    ],
)
def test_each_further_value_gets_its_option(given: str, wanted: str) -> None:
    assert list(repeated(given.split(), ("--rate", "-r"))) == wanted.split()
