"""Names, classes and URLs."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vrdata.errors import InvalidInputError
from vrdata.plan.catalogue import GENERATOR_NAME
from vrdata_generators.adapter.source.naming import (
    check_name,
    class_of,
    is_url,
    name_from,
    without_credentials,
)


@given(st.text(max_size=300))
def test_a_name_derived_from_any_text_is_valid_or_refused(text: str) -> None:
    try:
        name = name_from(text)
    except InvalidInputError:
        return
    assert re.fullmatch(GENERATOR_NAME.strip("^$"), name)
    assert check_name(name) == name


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("https://example.org/lab/O-30_shelf_data-generator.git", "O-30_shelf_data-generator"),
        ("git@example.org:lab/G-1_x.git", "G-1_x"),
        ("/data/repos/O 48 sudoku/", "O_48_sudoku"),
        ("..hidden", "hidden"),
    ],
)
def test_a_name_is_the_last_part_of_the_source(source: str, name: str) -> None:
    assert name_from(source) == name


def test_a_long_name_is_refused_instead_of_cut() -> None:
    assert name_from("/data/" + "a" * 100) == "a" * 100
    with pytest.raises(InvalidInputError, match="too long") as caught:
        name_from("/data/" + "a" * 101)
    assert "--name" in caught.value.fix


@pytest.mark.parametrize("name", ["", "-x", "a b", "a/b", "x\n", "a" * 101, "é"])
def test_a_name_that_a_catalogue_refuses_is_refused(name: str) -> None:
    with pytest.raises(InvalidInputError, match="not a generator name"):
        check_name(name)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("O-30_a", "O"), ("o_48_b", "O"), ("G-40_c", "G"), ("g_1", "G"), ("M-100_d", "M")],
)
def test_the_class_comes_from_the_prefix(name: str, expected: str) -> None:
    assert class_of(name, None) == expected


def test_a_given_class_wins_over_the_prefix() -> None:
    assert class_of("O-30_a", "G") == "G"


@pytest.mark.parametrize("name", ["template", "Orange", "Game_1", "X-1_a"])
def test_a_name_without_prefix_needs_a_class(name: str) -> None:
    with pytest.raises(InvalidInputError, match="class of generator") as caught:
        class_of(name, None)
    assert "--class" in caught.value.fix


@pytest.mark.parametrize(
    ("name", "proposed"),
    [("Multi-01_keys_data-generator", "G"), ("Med-3_scans_data-pipeline", "M")],
)
def test_another_prefix_gets_a_proposal_for_the_command_and_for_a_list(
    name: str, proposed: str
) -> None:
    with pytest.raises(InvalidInputError) as caught:
        class_of(name, None)
    assert f"--class {proposed}," in caught.value.fix
    assert f"class={proposed}" in caught.value.fix


def test_a_known_generator_without_prefix_keeps_its_class() -> None:
    assert class_of("Multi-01_keys", None, "O") == "O"
    assert class_of("Multi-01_keys", "G", "O") == "G"
    assert class_of("M-1_scans", None, "O") == "M"


def test_urls_are_distinguished_from_folders() -> None:
    assert is_url("https://example.org/a.git")
    assert is_url("ssh://git@example.org/a")
    assert is_url("git@example.org:lab/a.git")
    assert not is_url("/data/a")
    assert not is_url("folder")
    assert not is_url("ext::sh -c id")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://user:token@example.org/a.git?x=1#y", "https://example.org/a.git"),
        ("ssh://git@example.org:22/a", "ssh://example.org:22/a"),
        ("git@example.org:lab/a.git", "example.org:lab/a.git"),
        ("https://example.org/a.git", "https://example.org/a.git"),
        ("http://u:secret@example.org/a", "http://example.org/a"),
        ("/data/a@b/c", "/data/a@b/c"),
        ("https://u:secret@[x", "an invalid URL"),
    ],
)
def test_credentials_are_removed_from_a_url(url: str, shown: str) -> None:
    assert without_credentials(url) == shown
