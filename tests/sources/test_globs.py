"""Globs select files as they do in a shell."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vrdata.sources.globs import folder_of, included


@pytest.mark.parametrize(
    ("glob", "matches", "others"),
    [
        (
            "*.parquet",
            ["a.parquet", "x/y/a.parquet"],
            ["a.parquet.md", ".a.parquet", ".x/a.parquet"],
        ),
        ("x/*.png", ["x/1.png"], ["1.png", "x/y/1.png", "y/x/1.png", "x/.1.png"]),
        ("x/**", ["x/1.png", "x/y/1.png"], ["1.png", "y/x/1.png", "x/.y/1.png"]),
        ("x/", ["x/1.png", "x/y/1.png", "y/x/1.png"], ["1.png", "xy/1.png", "x/.1.png"]),
        ("/x/*/", ["x/y/1.png", "x/y/z/1.png"], ["x/1.png", "y/x/z/1.png", "x/.y/1.png"]),
        ("**/x/*", ["x/1.png", "y/x/1.png"], ["x/y/1.png"]),
        ("/a?.png", ["a1.png"], ["a.png", "x/a1.png", "a12.png"]),
        ("./a.png", ["a.png"], ["x/a.png"]),
        ("[ab].png", ["a.png", "x/b.png"], ["c.png", "A.png"]),
        ("[!a].png", ["b.png"], ["a.png", "..png"]),
        (".*", [".a", "x/.a"], ["a", ".x/a"]),
        (".x/*", [".x/a"], ["a", "x/a", ".x/.a"]),
        ("**/**/a", ["a", "x/a", "x/y/a"], ["b"]),
        ("a.b", ["a.b"], ["aXb"]),
    ],
)
def test_a_glob_matches(glob: str, matches: list[str], others: list[str]) -> None:
    assert [name for name in (*matches, *others) if included(name, [glob])] == matches


@pytest.mark.parametrize(
    ("include", "matches", "others"),
    [
        (["*.mcap", "!b*"], ["a.mcap", "x/a.mcap"], ["b.mcap", "x/b.mcap", "a.mkv"]),
        (["!*.mkv"], ["a.mcap", "x/a.txt"], ["a.mkv", "x/a.mkv", ".a"]),
        (["!x/"], ["a.mcap"], ["x/a.mcap"]),
        (["x/", "!*.mkv"], ["x/a.mcap"], ["x/a.mkv", "a.mcap"]),
    ],
)
def test_a_glob_with_an_exclamation_mark_leaves_files_out(
    include: list[str], matches: list[str], others: list[str]
) -> None:
    assert [name for name in (*matches, *others) if included(name, include)] == matches


@pytest.mark.parametrize(
    ("glob", "name", "folder"),
    [
        ("*/", "a/b/1.png", "a/"),
        ("*/", "1.png", ""),
        ("*_task/*/", "maze_task/1/video/0.png", "maze_task/1/"),
        ("*_task/*/", "x/maze_task/1/0.png", ""),
        ("**/b/", "a/b/c/b/1.png", "a/b/"),
        ("a", "a/1.png", ""),
    ],
)
def test_a_closing_slash_matches_the_outermost_folder(glob: str, name: str, folder: str) -> None:
    assert folder_of(name, [glob]) == folder


def test_without_globs_all_files_are_read_except_hidden_ones() -> None:
    names = ["a", "x/a", ".a", "x/.a", ".x/a"]
    assert [name for name in names if included(name, ())] == ["a", "x/a"]


@given(st.lists(st.text(st.characters(exclude_characters="/[*?\0"), min_size=1), min_size=1))
def test_a_path_matches_itself(parts: list[str]) -> None:
    name = "/".join(parts)
    if "**" not in parts and not name.startswith("./"):
        assert included(name, [f"/{name}"])


def test_a_glob_with_many_wildcards_is_fast() -> None:
    assert not included("a/" * 200 + "b", ["**/*a*a*a*a*/" * 20 + "c"])
